package mysqltest

import (
	"bufio"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/engine"
)

// The users of every MariaDB, by what their password is proven with.
const (
	userNative  = "native"
	userEd25519 = "ed"
	userEmpty   = "empty"
	userEither  = "either" // by the first that works of both
	userWeak    = "weak"   // may do nothing with other users' sessions
	password    = "correct horse"
)

// databases are the servers' only ones: one each, with a table that says which.
var databases = []string{"alpha", "beta", "gamma"}

// servers are the MariaDB servers of all tests, by their database.
var servers = map[string]*mariadb{}

func TestMain(m *testing.M) {
	flag.Parse()
	status := runAll(m)
	if err := goleak.Find(); status == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

// runAll runs the tests while the servers run.
func runAll(m *testing.M) int {
	defer stopServers()
	for _, name := range databases {
		s, err := startMariaDB(name)
		servers[name] = s
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	status := 0
	for _, impl = range []engine.Impl{engine.Reactor, engine.Goroutine} {
		fmt.Println("implementation:", impl)
		status = max(status, m.Run())
	}
	return status
}

func stopServers() {
	for _, s := range servers {
		s.stop()
	}
}

// mariadb is a throwaway server.
type mariadb struct {
	dir     string
	process *exec.Cmd
	port    int
	// silent is closed when its log has ended.
	silent chan struct{}
}

func (s *mariadb) stop() {
	if s == nil {
		return
	}
	s.kill()
	os.RemoveAll(s.dir)
}

func (s *mariadb) kill() {
	if s.process != nil && s.process.Process != nil {
		s.process.Process.Signal(syscall.SIGKILL)
		<-s.silent
		s.process.Wait()
	}
}

// startMariaDB starts a server and waits until it takes connections. Its
// certificate is ours.
func startMariaDB(database string) (*mariadb, error) {
	dir, err := os.MkdirTemp("", "mysqltest")
	s := &mariadb{dir: dir}
	if err != nil {
		return s, err
	}
	if err := s.prepare(database); err != nil {
		return s, err
	}
	for range 3 { // its port may be somebody else's by the time it is bound
		if err = s.start(); err == nil {
			return s, nil
		}
		s.kill()
	}
	return s, err
}

// prepare makes the data directory. The server runs as user mysql when the test
// is root's, and what it needs belongs to it.
func (s *mariadb) prepare(database string) error {
	if err := writeCertificate(s.dir); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(s.dir, "init.sql"), []byte(initSQL(database)), 0o644); err != nil {
		return err
	}
	if err := exec.Command("chown", "-R", serverUser(), s.dir).Run(); err != nil {
		return err
	}
	install := exec.Command("mariadb-install-db", "--no-defaults", "--datadir="+s.path("data"),
		"--auth-root-authentication-method=normal", "--skip-test-db", "--user="+serverUser())
	if out, err := install.CombinedOutput(); err != nil {
		return fmt.Errorf("mariadb-install-db: %w\n%s", err, out)
	}
	return nil
}

func (s *mariadb) path(name string) string { return filepath.Join(s.dir, name) }

// start starts the server on a free port.
func (s *mariadb) start() error {
	port, err := freePort()
	if err != nil {
		return err
	}
	s.port = port
	s.process = exec.Command(mariadbd(), "--no-defaults", "--datadir="+s.path("data"), "--user="+serverUser(),
		"--socket="+s.path("socket"), "--bind-address=127.0.0.1", "--port="+strconv.Itoa(port),
		"--pid-file="+s.path("pid"), "--init-file="+s.path("init.sql"), "--plugin-load-add=auth_ed25519",
		"--ssl-cert="+s.path("cert.pem"), "--ssl-key="+s.path("key.pem"), "--local-infile=1",
		"--innodb-buffer-pool-size=16M", "--innodb-flush-log-at-trx-commit=0", "--skip-name-resolve",
		"--max-allowed-packet=128M")
	stderr, err := s.process.StderrPipe()
	if err != nil {
		return err
	}
	if err := s.process.Start(); err != nil {
		return err
	}
	s.silent = make(chan struct{})
	log := bufio.NewScanner(stderr)
	err = awaitReady(log)
	go func() {
		for log.Scan() { // so that it never waits for a reader
		}
		close(s.silent)
	}()
	return err
}

// awaitReady reads the log until the server is ready.
func awaitReady(log *bufio.Scanner) error {
	var said strings.Builder
	for log.Scan() {
		fmt.Fprintln(&said, log.Text())
		if strings.Contains(log.Text(), "ready for connections") {
			return nil
		}
	}
	return fmt.Errorf("mariadbd did not start:\n%s", said.String())
}

// freePort finds one: the server can't choose its own.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func serverUser() string {
	if os.Getuid() == 0 {
		return "mysql"
	}
	u, err := user.Current()
	if err != nil {
		return "mysql"
	}
	return u.Username
}

func mariadbd() string {
	if path, err := exec.LookPath("mariadbd"); err == nil {
		return path
	}
	return "/usr/sbin/mariadbd"
}

func initSQL(database string) string {
	native := "mysql_native_password using password('" + password + "')"
	ed := "ed25519 using password('" + password + "')"
	lines := []string{
		"create database if not exists " + database,
		"create database if not exists " + database + "_second",
		"create or replace table " + database + ".whoami (name varchar(20))",
		"insert into " + database + ".whoami values ('" + database + "')",
		"create or replace user " + userNative + "@'%' identified via " + native,
		"create or replace user " + userEd25519 + "@'%' identified via " + ed,
		"create or replace user " + userEither + "@'%' identified via " + ed + " or " + native,
		"create or replace user " + userEmpty + "@'%'",
		"create or replace user " + userWeak + "@'%' identified via " + native,
	}
	for _, user := range []string{userNative, userEd25519, userEither, userEmpty} {
		lines = append(lines, "grant all on *.* to "+user+"@'%'")
	}
	lines = append(lines, "grant select on *.* to "+userWeak+"@'%'")
	return strings.Join(lines, ";\n") + ";\n"
}

// backends returns the routes to the servers, whose leg has that policy.
func backends(policy codecs.TLSPolicy) map[string]backend {
	all := map[string]backend{}
	for name, s := range servers {
		all[name] = backend{
			network: "tcp", address: "127.0.0.1:" + strconv.Itoa(s.port),
			target: codecs.Target{TLS: policy},
		}
	}
	return all
}
