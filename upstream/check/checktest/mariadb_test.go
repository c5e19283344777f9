package checktest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/upstream"
	"github.com/proxy-engine/proxy-engine/upstream/check"
)

// TestMariaDBDoesntBlockUs looks much more often than the server takes handshakes
// that fail, and then shows that it does count those.
func TestMariaDBDoesntBlockUs(t *testing.T) {
	for _, method := range []string{"mysql_native_password", "ed25519"} {
		t.Run(method, func(t *testing.T) {
			address := startMariaDB(t, method, "--max-connect-errors=5")
			for i := range 200 {
				if err := look(t, address, check.MySQL); err != nil {
					t.Fatalf("check %d: %v", i+1, err)
				}
			}
			for range 10 { // the other way: hanging up after the greeting
				conn, err := net.Dial("tcp", address)
				enginetest.Must(t, err)
				_, err = conn.Read(make([]byte, 1000))
				enginetest.Must(t, err)
				conn.Close()
			}
			enginetest.Eventually(t, "the host is blocked", func() bool {
				err := look(t, address, check.MySQL)
				return err != nil && strings.Contains(err.Error(), "1129")
			})
		})
	}
}

func TestMariaDBFull(t *testing.T) {
	address := startMariaDB(t, "mysql_native_password", "--max-connections=10")
	for range 12 { // one more is taken than said, for an administrator
		conn, err := net.Dial("tcp", address)
		enginetest.Must(t, err)
		defer conn.Close()
		_, err = conn.Read(make([]byte, 1000))
		enginetest.Must(t, err)
	}
	if err := look(t, address, check.MySQL); err == nil || !strings.Contains(err.Error(), "1040") {
		t.Errorf("full: %v", err)
	}
}

// startMariaDB starts a throwaway server and returns its address, which isn't a
// loopback one: from there it never blocks anybody. Its users have that method.
func startMariaDB(t *testing.T, method string, flags ...string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "mariadb") // whose path is short, and open to another user
	enginetest.Must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	init := filepath.Join(dir, "init.sql")
	var sql strings.Builder
	for i := range 50 { // a user that doesn't exist is taken for one of them
		fmt.Fprintf(&sql, "create user somebody%d@'%%' identified via %s using password('secret');\n", i, method)
	}
	enginetest.Must(t, os.WriteFile(init, []byte(sql.String()), 0o644))
	enginetest.Must(t, exec.Command("chown", "-R", "mysql", dir).Run())
	data := "--datadir=" + filepath.Join(dir, "data")
	install := exec.Command("mariadb-install-db", "--no-defaults", data, "--skip-test-db", "--user=mysql")
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	host, port, err := net.SplitHostPort(freeAddress(t, ownAddress(t)))
	enginetest.Must(t, err)
	args := []string{"--no-defaults", data, "--user=mysql", "--socket=" + filepath.Join(dir, "socket"), "--pid-file=" + filepath.Join(dir, "pid"),
		"--bind-address=" + host, "--port=" + port, "--init-file=" + init, "--plugin-load-add=auth_ed25519", "--innodb-buffer-pool-size=16M"}
	server := exec.Command("mariadbd", append(args, flags...)...)
	enginetest.Must(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	address := net.JoinHostPort(host, port)
	enginetest.Eventually(t, "MariaDB listens", func() bool {
		return upstream.Classify(look(t, address, check.TCP)) == upstream.Connected
	})
	return address
}

// ownAddress is one of this host's that isn't a loopback one.
func ownAddress(t *testing.T) string {
	t.Helper()
	all, err := net.InterfaceAddrs()
	enginetest.Must(t, err)
	for _, a := range all {
		if own, ok := a.(*net.IPNet); ok && own.IP.To4() != nil && own.IP.IsGlobalUnicast() {
			return own.IP.String()
		}
	}
	t.Fatal("this host has no address but its loopback ones, from which MariaDB blocks nobody")
	return ""
}
