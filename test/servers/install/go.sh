#!/bin/sh
# Servers built from the Go module proxy; the checksums of the modules are verified by go itself.
set -eu

bin=${DATAWAVE_TEST_CACHE:-$HOME/.cache/datawave-test-servers}/go/bin
mkdir -p "$bin"
export CGO_ENABLED=0 GOFLAGS=-buildvcs=false

# once VERSIONED_NAME COMMAND...: runs COMMAND, which makes $bin/VERSIONED_NAME, unless it is there.
once() {
  name=$1
  shift
  if [ -x "$bin/$name" ]; then return 0; fi
  if ! command -v go >/dev/null 2>&1; then
    echo "go is missing: install Go 1.24 or newer" >&2
    return 1
  fi
  "$@"
}

# Emulates Google Cloud Storage.
fake_gcs_server() {
  part=$(mktemp -d)
  GOBIN=$part go install -trimpath -ldflags='-s -w' github.com/fsouza/fake-gcs-server@v1.56.1
  mv "$part/fake-gcs-server" "$bin/fake-gcs-server-1.56.1"
  rm -rf "$part"
}

# Speaks MongoDB's protocol over SQLite. Built in its own module, with the versions that its authors locked; a build
# asks for a file with the version, which their release script would write.
ferretdb() {
  version=v1.24.2
  part=$(mktemp -d)
  (cd "$part" && go mod init none)
  source=$(cd "$part" && go mod download -json "github.com/FerretDB/FerretDB@$version" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
  cp -r "$source" "$part/source"
  chmod -R u+w "$part/source"
  printf '%s\n' "$version" >"$part/source/build/version/version.txt"
  go build -C "$part/source" -trimpath -ldflags='-s -w' -o "$part/ferretdb" ./cmd/ferretdb
  mv "$part/ferretdb" "$bin/ferretdb-1.24.2"
  rm -rf "$part"
}

once fake-gcs-server-1.56.1 fake_gcs_server
once ferretdb-1.24.2 ferretdb
