//go:build linux

package main

import "fmt"

// workload is what a row asks a peer to carry.
type workload uint8

// The workloads.
const (
	// workTCP is bytes, to an echo, flood or sink backend.
	workTCP workload = iota
	// workHTTP is HTTP/1.1 requests, each of which the peer forwards.
	workHTTP
	// workPostgres is PostgreSQL sessions, from login to end.
	workPostgres
	// workTLS is bytes, as workTCP, from clients that speak TLS; the peer ends it.
	workTLS
	// workGenerators is no peer's: the load generators are compared with each
	// other, against a backend.
	workGenerators

	workloads
)

// String returns the workload's name on the command line.
func (w workload) String() string {
	switch w {
	case workTCP:
		return "tcp"
	case workHTTP:
		return "http"
	case workPostgres:
		return "postgres"
	case workTLS:
		return "tls"
	case workGenerators:
		return "generators"
	default:
		return fmt.Sprintf("workload(%d)", uint8(w))
	}
}

func workloadNames() []string {
	names := make([]string, workloads)
	for w := range workloads {
		names[w] = w.String()
	}
	return names
}
