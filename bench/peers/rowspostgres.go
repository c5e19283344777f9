//go:build linux

package main

import (
	"fmt"
	"strings"
)

// postgresUser is the cluster's superuser and, where root starts them, the
// user whom its servers run as.
const postgresUser = "postgres"

// databases are those of the PostgreSQL rows, used in turn: so many resources
// are routed.
func databases() []string {
	names := make([]string, 4)
	for i := range names {
		names[i] = fmt.Sprintf("bench%d", i+1)
	}
	return names
}

func postgresRows() []row {
	return []row{
		queries("pg-select", "PostgreSQL, select over 50 standing connections", "queries", "query"),
		queries("pg-connect", "PostgreSQL, connect, one query, close", "connections", "connection", "--new-connections"),
	}
}

func queries(id, title, operations, operation string, more ...string) row {
	words := append([]string{"--user", postgresUser, "--database", strings.Join(databases(), ",")}, more...)
	return row{
		id: id, title: title, workload: workPostgres, backend: backendPostgres,
		load:    timed("pg", 50, words...),
		metrics: []metric{rateOf(operations), cpuPer(operation, "%.1f"), latencyP99()},
		takes:   spanTakes,
	}
}
