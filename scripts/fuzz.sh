#!/usr/bin/env bash
# Run the fuzz tests one at a time and print the number of inputs of each. Fails if a test fails or tries fewer than a
# hundred inputs.
# usage: fuzz.sh TIME [NAME], such as fuzz.sh 10s FuzzFind
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:?say how long each test runs, such as 10s} only=${2:-Fuzz}
least=100
# By default go test minimizes each new input for up to a minute, during which it tries no other.
minimize=10x
failed=0 tested=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

while IFS=: read -r file name; do
  tested=$((tested + 1))
  package=./$(dirname "$file")
  if ! go test -tags x11 -run '^$' -fuzz "^$name\$" -fuzztime "$time" -fuzzminimizetime "$minimize" "$package" >"$log" 2>&1; then
    cat "$log"
    failed=1
    continue
  fi
  inputs=$(grep -o 'execs: [0-9]*' "$log" | tail -n 1 | tr -dc 0-9)
  printf '%10d  %s %s\n' "${inputs:-0}" "$package" "$name"
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
