//go:build unix

package pgcluster

import (
	"fmt"
	"syscall"
)

// Options describe a cluster.
type Options struct {
	// Name is the cluster's: unique within the farm, and what the server
	// answers to `show cluster_name`. Letters, digits and underscores.
	Name string
	// Auth is what clients that come by TCP have to show.
	Auth Auth
	// Settings are the server's, by name.
	Settings map[string]string
}

// Auth is how clients that come by TCP prove who they are. By the Unix socket
// everybody is whoever they say.
type Auth string

// The ways, as pg_hba.conf calls them. The zero value is Trust.
const (
	Trust Auth = "trust"
	SCRAM Auth = "scram-sha-256"
)

// hba is the content of pg_hba.conf.
func (a Auth) hba() string {
	if a == "" {
		a = Trust
	}
	return fmt.Sprintf("local all all trust\nlocal replication all trust\nhost all all 127.0.0.0/8 %[1]s\nhost replication all 127.0.0.0/8 %[1]s\n", a)
}

// Mode is how a server ends.
type Mode int

// The modes of PostgreSQL's shutdown.
const (
	// Smart takes no new session, says so with SQLSTATE 57P03, and ends with
	// the last session.
	Smart Mode = iota
	// Fast ends all sessions, with SQLSTATE 57P01.
	Fast
	// Immediate is as good as a crash: the next start recovers.
	Immediate
)

// signal is what the server understands.
func (m Mode) signal() syscall.Signal {
	switch m {
	case Smart:
		return syscall.SIGTERM
	case Fast:
		return syscall.SIGINT
	default:
		return syscall.SIGQUIT
	}
}

// String returns the mode's name, as pg_ctl takes it.
func (m Mode) String() string {
	switch m {
	case Smart:
		return "smart"
	case Fast:
		return "fast"
	default:
		return "immediate"
	}
}
