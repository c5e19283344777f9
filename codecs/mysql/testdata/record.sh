#!/bin/sh
# Records testdata/golden anew, from the servers and the client that mysqltest
# starts. Needs what its tests need.
set -eu
cd "$(dirname "$0")/../mysqltest"
mkdir -p ../testdata/golden
go test -count=1 -run TestTranscripts . -args -update
