//go:build linux

package main

import "fmt"

// pgbouncerPeer is PgBouncer, as processes that share the port: each has one
// thread.
func pgbouncerPeer() peer {
	return peer{
		name: "pgbouncer", descriptors: 2, version: []string{installed("pgbouncer"), "--version"},
		serves: map[workload]func(site) plan{workPostgres: pgbouncer},
	}
}

func pgbouncer(s site) plan {
	c := config{"pgbouncer.ini", pgbouncerConfig(s)}
	return plan{config: c, start: []string{installed("pgbouncer"), s.file(c.name)}, copies: s.threads}
}

// pgbouncerConfig keeps a client's server for as long as its session, which is
// what the others do, and logs as little. It refuses to run as root, and
// becomes another user by itself once it has read the file.
func pgbouncerConfig(s site) string {
	user := ""
	if s.root {
		user = "user = " + postgresUser + "\n"
	}
	return fmt.Sprintf(`[databases]
* = host=%s port=%d user=%s
[pgbouncer]
%slisten_addr = %s
listen_port = %d
so_reuseport = 1
unix_socket_dir =
auth_type = any
pool_mode = session
max_client_conn = 1000
default_pool_size = 100
log_connections = 0
log_disconnections = 0
`, s.backend.Addr(), s.backend.Port(), postgresUser, user, s.listen.Addr(), s.listen.Port())
}
