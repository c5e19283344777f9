#!/usr/bin/env bash
# Runs a mix of pgbench's own scripts and one of ours (short reads, updates,
# rollbacks, large results and values) on three PostgreSQL clusters at once:
# without a proxy, then through each implementation, for DURATION (10m) each.
# No transaction may fail, and the books must balance. It ends with what
# pgbench measured.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/deps.sh test
exec go test ./engine/pgtest -count 1 -timeout 0 -run '^TestPgbenchMix$' -v -args -soak "${DURATION:-10m}"
