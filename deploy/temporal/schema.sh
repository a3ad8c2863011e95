#!/bin/sh
# Brings Temporal's two databases to the tables of this release of its tools. Safe to run again: what is done is skipped.
# Reads SQL_HOST, SQL_USER and SQL_PASSWORD; the folder of the statements may be given, for tools that lie elsewhere.
set -eu

statements=${1:-/etc/temporal/schema/mysql/v8}
export SQL_PLUGIN=mysql8

for part in temporal visibility; do
  database=temporal
  [ "$part" = temporal ] || database=temporal_$part
  echo "schema: $database"
  temporal-sql-tool --database "$database" create
  temporal-sql-tool --database "$database" setup-schema --version 0.0
  temporal-sql-tool --database "$database" update-schema --schema-dir "$statements/$part/versioned"
done
echo "schema: done"
