#!/usr/bin/env bash
# Run a command with a temporary PostgreSQL server, which listens on a free port of the loopback interface. POSTGRES is
# its address, POSTGRES_BIN the folder of its programs, and POSTGRES_CONTROL a command with the argument "restart" or
# "crash".
set -eu

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1 || true)
[ -n "$bin" ] || bin=$(dirname "$(command -v pg_ctl || true)")
[ -x "$bin/pg_ctl" ] || { echo "PostgreSQL is not installed: run scripts/setup.sh test, or install it (15 or newer)." >&2; exit 1; }

# PostgreSQL refuses to run as root.
as=()
folder=$(mktemp -d /tmp/acen-postgres-XXXXXX)
if [ "$(id -u)" = 0 ]; then
  id postgres >/dev/null 2>&1 || { echo "There is no user postgres to run PostgreSQL as." >&2; exit 1; }
  chown postgres "$folder"
  as=(runuser -u postgres --)
fi
cd "$folder"

control() { "${as[@]}" "$bin/pg_ctl" -s -w -D "$folder/data" -l "$folder/log" "$@"; }
trap 'control stop -m immediate >/dev/null 2>&1 || true; rm -rf "$folder"' EXIT

"${as[@]}" "$bin/initdb" -D "$folder/data" -U acen -A trust -E UTF8 --locale=C.UTF-8 >"$folder/initdb" 2>&1 || { cat "$folder/initdb" >&2; exit 1; }
for _ in 1 2 3 4 5; do
  port=$((20000 + RANDOM % 20000))
  if control start -o "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories='' -c max_connections=200 -c fsync=off -c full_page_writes=off ${POSTGRES_OPTIONS:-}"; then break; fi
  port=
done
[ -n "$port" ] || { cat "$folder/log" >&2; exit 1; }

cat >"$folder/control" <<END
#!/usr/bin/env bash
case \$1 in
restart) ${as[*]} "$bin/pg_ctl" -s -w -D "$folder/data" -l "$folder/log" restart -m fast ;;
crash) ${as[*]} "$bin/pg_ctl" -s -w -D "$folder/data" -l "$folder/log" restart -m immediate ;;
esac
END
chmod 755 "$folder" "$folder/control"

cd "$OLDPWD"
POSTGRES="postgres://acen@127.0.0.1:$port/postgres?sslmode=disable" POSTGRES_CONTROL="$folder/control" POSTGRES_BIN="$bin" "$@"
