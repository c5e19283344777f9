//go:build unix

package pgcluster

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// Cluster is one server with its data. Its methods are for one goroutine at a
// time.
type Cluster struct {
	// Name is the one of its Options.
	Name string

	farm     *Farm
	settings map[string]string
	dir      string // holds the data and the Unix socket
	port     int
	server   *server // nil while stopped
}

const (
	// dataDir is within a cluster's folder.
	dataDir = "data"
	// patience is how long a server may take to start or to end.
	patience = 60 * time.Second
	// portAttempts is how many ports are tried before the fault must be
	// another one.
	portAttempts = 5
)

// The ports that are tried: below those that Linux gives to outgoing
// connections, of which one could take the port while the server is stopped.
const (
	firstPort = 20_000
	lastPort  = 31_999
)

// Start makes a cluster and starts it. It is ready for sessions then.
func (f *Farm) Start(ctx context.Context, o Options) (*Cluster, error) {
	c := &Cluster{Name: o.Name, farm: f, settings: o.Settings, dir: filepath.Join(f.dir, o.Name)}
	if err := c.makeData(ctx, o.Auth); err != nil {
		return nil, fmt.Errorf("cluster %s: %w", o.Name, err)
	}
	if err := c.findPort(ctx); err != nil {
		return nil, fmt.Errorf("cluster %s: %w", o.Name, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.clusters = append(f.clusters, c)
	return c, nil
}

// makeData makes the cluster's folder, with a copy of the template.
func (c *Cluster) makeData(ctx context.Context, auth Auth) error {
	if err := c.farm.makeDir(c.farm.dir, c.Name); err != nil {
		return err
	}
	if err := c.farm.run(ctx, "cp", "-Rp", c.farm.template(), c.data()); err != nil {
		return err
	}
	// The file is there already and stays the servers' user's.
	return os.WriteFile(filepath.Join(c.data(), "pg_hba.conf"), []byte(auth.hba()), 0o600)
}

func (c *Cluster) data() string { return filepath.Join(c.dir, dataDir) }

// findPort starts the server at a port that is free. PostgreSQL can't be told
// to take any, and somebody else may be faster: then there are more.
func (c *Cluster) findPort(ctx context.Context) error {
	var err error
	for range portAttempts {
		c.port = firstPort + rand.IntN(lastPort-firstPort+1)
		if err = c.Restart(ctx); err == nil {
			return nil
		}
	}
	return err
}

// Restart starts a cluster that has been stopped: with the same data, at the
// same address. It is ready for sessions then.
func (c *Cluster) Restart(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.Command(c.farm.Program("postgres"), c.arguments()...)
	cmd.Dir = c.dir
	cmd.SysProcAttr = c.farm.account.attributes()
	s, err := launch(cmd)
	if err != nil {
		return err
	}
	if err := s.awaitReady(ctx); err != nil {
		s.signal(Immediate)
		_ = s.awaitEnd(ctx)
		return err
	}
	c.server = s
	return nil
}

// arguments are the server's. Nothing survives the test, so nothing is made
// sure to be on the disk.
func (c *Cluster) arguments() []string {
	args := []string{
		"-D", c.data(), "-p", strconv.Itoa(c.port), "-k", c.dir,
		"-c", "listen_addresses=127.0.0.1", "-c", "cluster_name=" + c.Name,
		"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
		"-c", "logging_collector=off", "-c", "log_destination=stderr", "-c", "lc_messages=C",
	}
	for name, value := range c.settings {
		args = append(args, "-c", name+"="+value)
	}
	return args
}

// Signal begins to stop the server and doesn't wait for its end, see Stop.
func (c *Cluster) Signal(mode Mode) {
	if c.server != nil {
		c.server.signal(mode)
	}
}

// Stop ends the server; a stopped one stays so. The data stays, too. When it
// doesn't end in time, or before ctx is done, it is killed, which is an error.
func (c *Cluster) Stop(ctx context.Context, mode Mode) error {
	if c.server == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c.server.signal(mode)
	err := c.server.awaitEnd(ctx)
	c.server = nil
	if err != nil {
		return fmt.Errorf("cluster %s: %w", c.Name, err)
	}
	return nil
}

// Endpoint is where TCP clients connect, as "host:port".
func (c *Cluster) Endpoint() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(c.port)) }

// Connect opens a session of the superuser's by the Unix socket. The caller
// closes it.
func (c *Cluster) Connect(ctx context.Context, database string) (*pgx.Conn, error) {
	return pgx.Connect(ctx, fmt.Sprintf("host=%s port=%d user=%s dbname=%s", c.dir, c.port, Admin, database))
}

// Exec runs statements as the superuser, each in a transaction of its own.
func (c *Cluster) Exec(ctx context.Context, database string, statements ...string) error {
	conn, err := c.Connect(ctx, database)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, sql := range statements {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("cluster %s: %s: %w", c.Name, sql, err)
		}
	}
	return nil
}
