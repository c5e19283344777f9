package mysqltest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/mysql"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// shortly is a deadline that passes in the test.
const shortly = 200 * time.Millisecond

// checkRefused has clients try to reach a database, who are told why not.
func (p *proxy) checkRefused(t *testing.T, database string, code uint16, text string) {
	t.Helper()
	for _, tls := range []string{"false", "skip-verify"} {
		db := p.connect(t, func(c *driver.Config) { c.DBName, c.TLSConfig = database, tls })
		if err := db.Ping(); number(err) != code || !strings.Contains(err.Error(), text) {
			t.Errorf("go-sql-driver, TLS %s: %v, want error %d: %s", tls, err, code, text)
		}
		late := p.connect(t, func(c *driver.Config) { c.DBName, c.TLSConfig = "", tls })
		if err := do(late, "use "+database); number(err) != code || !strings.Contains(err.Error(), text) {
			t.Errorf("go-sql-driver, late, TLS %s: %v, want error %d: %s", tls, err, code, text)
		}
	}
	got, err := p.mariadbCLI(t, "select 1", "-u"+userNative, "-p"+password, "--database="+database)
	if err == nil || !strings.Contains(got, fmt.Sprintf("ERROR %d", code)) || !strings.Contains(got, text) {
		t.Errorf("mariadb: %s, %v, want error %d: %s", got, err, code, text)
	}
}

// TestSilentBackends: one that takes the connection and says nothing, one that
// stops within its greeting, one that greets and doesn't answer.
func TestSilentBackends(t *testing.T) {
	for name, says := range map[string]string{
		"nothing":         "",
		"half a greeting": "\x40\x00\x00\x00\x0a10.11",
		"a greeting": "\x4a\x00\x00\x00\x0a10.11.0-MariaDB\x00\x07\x00\x00\x00abcdefgh\x00\xff\xf7\x2d\x02\x00\xff\x81\x15" +
			"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00ijklmnopqrst\x00mysql_native_password\x00",
	} {
		t.Run(name, func(t *testing.T) {
			routes := map[string]backend{"silent": silent(t, says)}
			p := startProxy(t, lateOptions(), routes, func(cfg *engine.Config) { cfg.Timeouts.Open = shortly })
			p.checkRefused(t, "silent", 1159, `"silent" did not accept the connection in time`)
			p.engine.AwaitClosed(engine.OpenTimeout, 5)
		})
	}
}

// silent is a backend that says this to everybody, and then nothing.
func silent(t *testing.T, says string) backend {
	t.Helper()
	b := enginetest.Listen(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := b.AcceptTCP()
			if err != nil {
				return
			}
			defer conn.Close()
			if _, err := conn.Write([]byte(says)); err != nil {
				t.Error(err)
			}
		}
	}()
	t.Cleanup(func() { _ = b.Close(); <-done })
	return backend{network: "tcp", address: b.Address()}
}

// TestUnreachableBackends: refused by the address guard, down, and one that
// doesn't answer a connection attempt.
func TestUnreachableBackends(t *testing.T) {
	for name, test := range map[string]struct {
		address string
		code    uint16
		text    string
	}{
		"forbidden": {"169.254.169.254:3306", 1044, `Access denied to database "forbidden"`},
		"down":      {enginetest.ClosedPort(t), 1040, `"down" is not accepting connections`},
		"asleep":    {enginetest.BlackHole(t), 1159, `"asleep" did not accept the connection in time`},
	} {
		t.Run(name, func(t *testing.T) {
			routes := map[string]backend{name: {network: "tcp", address: test.address}}
			p := startProxy(t, lateOptions(), routes, func(cfg *engine.Config) { cfg.Timeouts.Connect = shortly })
			p.checkRefused(t, name, test.code, test.text)
		})
	}
}

// TestTooManySessions fills the proxy. Who is in can still have statements
// killed.
func TestTooManySessions(t *testing.T) {
	p := startProxy(t, lateOptions(), backends(codecs.NoTLS), func(cfg *engine.Config) { cfg.MaxSessions = 1 })
	const text = "select sleep(600) /* full */"
	s := p.sleepAt(t, "alpha", text)
	awaitStatements(t, direct(t, "alpha"), text, 1)
	p.checkRefused(t, "alpha", 1040, "Too many connections")
	killer := p.connect(t, func(c *driver.Config) { c.DBName = "" })
	enginetest.Must(t, do(killer, fmt.Sprintf("kill query %d", s.id)))
	<-s.done
	enginetest.CloseAll(t, s.conn, s.db)
	enginetest.Eventually(t, "there is room again", func() bool {
		return p.connect(t, func(*driver.Config) {}).Ping() == nil
	})
}

// TestSilentClient says nothing behind the greeting.
func TestSilentClient(t *testing.T) {
	p := startProxy(t, mysql.Options{}, backends(codecs.NoTLS), func(cfg *engine.Config) { cfg.Timeouts.Detect = shortly })
	client := p.engine.Dial()
	if heard := client.HearEnd(); !strings.Contains(heard, "\x87\x04#08S01") {
		t.Errorf("heard %q, want error 1159", heard)
	}
	enginetest.CloseAll(t, client)
}
