#!/bin/sh
# Makes the product's login: it owns its database and may make the two roles it works under. It is no superuser, so
# row-level security holds for it.
set -eu
psql -v ON_ERROR_STOP=1 -v password="$POSTGRES_PASSWORD" -U "$POSTGRES_USER" -d "$POSTGRES_DB" <<'SQL'
CREATE ROLE datawave LOGIN CREATEROLE PASSWORD :'password';
CREATE DATABASE datawave OWNER datawave;
SQL
