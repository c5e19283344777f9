// Package redistest runs real Redis servers for tests: one alone, with sentinels,
// or as a cluster. They live in the test's own folder, keep nothing on disk and
// end with the test. The program is Debian's redis-server, which scripts/deps.sh
// installs.
package redistest
