#!/bin/sh
# Installs the servers and clients that the tests use, on Debian and its relatives. Run it as root or with sudo at hand.
# Installs only what is missing and starts nothing: test/servers/start.ts runs its own servers on free loopback ports.
set -eu

missing=""
# need COMMAND PACKAGE: asks for PACKAGE unless COMMAND is there.
need() {
  if ! command -v "$1" >/dev/null 2>&1 && [ ! -x "/usr/sbin/$1" ]; then missing="$missing $2"; fi
}

need mariadbd mariadb-server
need mariadb-dump mariadb-client
need redis-server redis-server
need psql postgresql-client
need pg_dump postgresql-client
need openssl openssl
need chromium chromium

if [ -z "$missing" ]; then
  echo "Test servers: everything is installed."
  exit 0
fi
# One package may serve two commands.
missing=$(printf '%s\n' $missing | sort -u | tr '\n' ' ')

if ! command -v apt-get >/dev/null 2>&1; then
  echo "Test servers: apt-get is missing; install by hand: $missing" >&2
  exit 1
fi
if [ "$(id -u)" = 0 ]; then
  as_root=""
elif command -v sudo >/dev/null 2>&1; then
  as_root="sudo"
else
  echo "Test servers: run this as root, or install sudo; missing: $missing" >&2
  exit 1
fi

# Debian starts a service as soon as its package is configured, unless this file says no (101).
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
  $as_root chmod 755 "$policy"
  trap '$as_root rm -f "$policy"' EXIT
fi

echo "Test servers: installing $missing"
log=$(mktemp)
install() {
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing >"$log" 2>&1
}
# The package lists may be old or absent: the first try is quick where they are good.
if ! install; then
  $as_root apt-get update >>"$log" 2>&1
  if ! install; then
    tail -n 30 "$log" >&2
    rm -f "$log"
    exit 1
  fi
fi
rm -f "$log"
echo "Test servers: installed."
