#!/bin/sh
# Packages of the system.
set -eu

missing=""
# need COMMAND PACKAGE: asks for PACKAGE unless COMMAND is there.
need() {
  if ! command -v "$1" >/dev/null 2>&1 && [ ! -x "/usr/sbin/$1" ]; then missing="$missing $2"; fi
}

# library FILE PACKAGE: the same for a library that a program of another source needs.
library() {
  case $(/sbin/ldconfig -p) in *"$1 "*) ;; *) missing="$missing $2" ;; esac
}

need mariadbd mariadb-server
need mariadb-dump mariadb-client
need redis-server redis-server
need psql postgresql-client
need pg_dump postgresql-client
need openssl openssl
need sshd openssh-server
need chromium chromium
# Ceph's object gateway: S3.
need radosgw radosgw
need ceph-mon ceph-mon
need ceph-osd ceph-osd
need clickhouse-server clickhouse-server
need rabbitmq-server rabbitmq-server
need nats-server nats-server
need pgbouncer pgbouncer
# MySQL comes without its libraries.
library libaio.so.1 libaio1
library libnuma.so.1 libnuma1
# What the other parts need.
# A source file of Java is started as it is, which takes the compiler.
need javac openjdk-17-jdk-headless
need mvn maven
need go golang-go
need python3 python3-venv

if [ -z "$missing" ]; then
  echo "everything is installed"
  exit 0
fi
# One package may serve two commands.
missing=$(printf '%s\n' $missing | sort -u | tr '\n' ' ')

if ! command -v apt-get >/dev/null 2>&1; then
  echo "apt-get is missing; install by hand: $missing" >&2
  exit 1
fi
if [ "$(id -u)" = 0 ]; then
  as_root=""
elif command -v sudo >/dev/null 2>&1; then
  as_root="sudo"
else
  echo "run this as root, or install sudo; missing: $missing" >&2
  exit 1
fi

# Debian starts a service as soon as its package is configured, unless this file says no (101).
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
  $as_root chmod 755 "$policy"
  trap '$as_root rm -f "$policy"' EXIT
fi

echo "installing $missing"
install() {
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing
}
# The package lists may be old or absent: the first try is quick where they are good.
install || { $as_root apt-get update && install; }
