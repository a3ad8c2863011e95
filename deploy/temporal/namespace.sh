#!/bin/sh
# Makes the namespace, and what a case needs in it. Safe to run again: what is there stays, the retention is set anew.
# Reads TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE.
set -eu

# How long Temporal shows a case that has ended. Our own database keeps it for ever.
retention=90d

# patiently tries a command for two minutes: a server that listens may still be getting ready, and a new namespace is
# known to all of it only after a few seconds.
patiently() {
  tries=0
  until "$@"; do
    tries=$((tries + 1))
    [ "$tries" -lt 60 ] || return 1
    sleep 2
  done
}

echo "namespace: $TEMPORAL_NAMESPACE"
patiently temporal operator cluster health > /dev/null
if temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" > /dev/null 2>&1; then
  temporal operator namespace update --namespace "$TEMPORAL_NAMESPACE" --retention "$retention"
else
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$retention" \
    --description "Cases of the service desk"
fi
patiently temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" \
  --name Stage --type Keyword \
  --name Category --type Keyword \
  --name Assignee --type Keyword \
  --name Severity --type Int \
  --name NextDue --type Datetime \
  --name Breached --type Bool
echo "namespace: done"
