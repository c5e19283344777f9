package mongoprograms

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ServerOptions are those of a server. Dir is required.
type ServerOptions struct {
	// Dir is the folder of its databases, which exists.
	Dir string
	// Database, User and Password are the only user's; no Database for a server
	// where nobody logs in.
	Database, User, Password string
	// Member is the only host its hello tells of, as a replica set's; "" for a
	// standalone server.
	Member string
	// Cert and Key are the PEM files of its certificate, "" for no TLS.
	Cert, Key string
}

// Server is a FerretDB that runs.
type Server struct {
	// Address is where it listens, as "host:port".
	Address string
	// PID is its process's, which it tells its clients by serverStatus.
	PID int

	cmd   *exec.Cmd
	stdin io.Closer
}

// Start starts a server, which is ready for clients then. The caller stops it.
func (p *Programs) Start(o ServerOptions) (*Server, error) {
	cmd := exec.Command(filepath.Join(p.built, "ferretdb"), "-dir", o.Dir, "-member", o.Member,
		"-database", o.Database, "-user", o.User, "-password", o.Password, "-cert", o.Cert, "-key", o.Key)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &Server{PID: cmd.Process.Pid, cmd: cmd, stdin: stdin}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		_ = s.Stop() // whose error is of no more use
		return nil, fmt.Errorf("ferretdb doesn't say where it listens: %w", err)
	}
	s.Address = strings.TrimSpace(line)
	return s, nil
}

// Stop ends the server and its connections. It is called once.
func (s *Server) Stop() error {
	_ = s.stdin.Close() // which it waits for
	return s.cmd.Wait()
}
