#!/bin/sh
# A Python of the tests' own, in the versions of python/requirements.txt: moto, which plays AWS, and the packages that
# write the files below test/fixtures (pyarrow, deltalake, pyiceberg, fastavro, pandas, openpyxl).
set -eu

requirements=$(cd "$(dirname "$0")" && pwd)/python/requirements.txt
target=${DATAWAVE_TEST_CACHE:-$HOME/.cache/datawave-test-servers}/python
if cmp -s "$requirements" "$target/installed.txt"; then exit 0; fi

rm -rf "$target"
python3 -m venv "$target"
install() { "$target/bin/pip" install -q -r "$requirements"; }
install || install
cp "$requirements" "$target/installed.txt"
