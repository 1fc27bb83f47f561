#!/usr/bin/env bash
# Runs every fuzz test for a while, one after the other, and says how many inputs each tried. It fails if one fails, or
# tries fewer than a hundred: that is not a fuzz test. Usage: scripts/fuzz.sh TIME [NAME], such as: scripts/fuzz.sh 10s FuzzFind
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:?say how long each test runs, such as 10s} only=${2:-Fuzz}
least=100
# Each new input would be minimized for up to a minute, in which nothing new is tried: that is why some tests made eight
# inputs in 40 s.
minimize=10x
failed=0 tested=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

while IFS=: read -r file name; do
  tested=$((tested + 1))
  room=./$(dirname "$file")
  if ! go test -tags x11 -run '^$' -fuzz "^$name\$" -fuzztime "$time" -fuzzminimizetime "$minimize" "$room" >"$log" 2>&1; then
    cat "$log"
    failed=1
    continue
  fi
  inputs=$(grep -o 'execs: [0-9]*' "$log" | tail -n 1 | tr -dc 0-9)
  printf '%10d  %s %s\n' "${inputs:-0}" "$room" "$name"
  if [ "${inputs:-0}" -lt "$least" ]; then
    echo "$name tries too few inputs" >&2
    failed=1
  fi
done < <(git grep -o '^func Fuzz[A-Za-z0-9]*' -- '*_test.go' | sed 's/func //' | grep "$only")
if [ "$tested" = 0 ]; then
  echo "there is no fuzz test named $only" >&2
  exit 1
fi
exit "$failed"
