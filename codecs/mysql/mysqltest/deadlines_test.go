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
const shortly = 50 * time.Millisecond

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
		enginetest.CloseAll(t, late)
	}
	got, err := p.mariadbCLI(t, "select 1", "-u"+userNative, "-p"+password, "--database="+database)
	if err == nil || !strings.Contains(got, fmt.Sprintf("ERROR %d", code)) || !strings.Contains(got, text) {
		t.Errorf("mariadb: %s, %v, want error %d: %s", got, err, code, text)
	}
}

// handshake is a greeting of a server without TLS.
const handshake = "\x0a10.11.0-MariaDB\x00\x07\x00\x00\x00abcdefgh\x00\xff\xf7\x2d\x02\x00\xff\x81\x15" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00ijklmnopqrst\x00mysql_native_password\x00"

// packet is one of a backend's.
func packet(number byte, payload string) string {
	return fmt.Sprintf("%c\x00\x00%c%s", len(payload), number, payload)
}

// TestSilentBackends: backends that hang at every step up to the end of the
// login.
func TestSilentBackends(t *testing.T) {
	greeting, asks := packet(0, handshake), packet(2, "\xfemysql_native_password\x00ABCDEFGHIJKLMNOPQRST\x00")
	for name, says := range map[string][]string{
		"nothing":         nil,
		"half a greeting": {greeting[:40]},
		"a greeting":      {greeting},
		"half a request":  {greeting, asks[:20]},
		"a request":       {greeting, asks},
	} {
		t.Run(name, func(t *testing.T) {
			routes := map[string]backend{"silent": script{says: says, stays: true}.start(t)}
			p := startProxy(t, lateOptions(), routes, func(cfg *engine.Config) { cfg.Timeouts.Open = shortly })
			p.checkRefused(t, "silent", 1159, `"silent" did not accept the connection in time`)
			p.engine.AwaitClosed(engine.OpenTimeout, 5)
		})
	}
}

// TestUnusableBackends: refused by the address guard, down, those that go before
// the login is done, and one that has blocked the proxy.
func TestUnusableBackends(t *testing.T) {
	at := func(address string) backend { return backend{network: "tcp", address: address} }
	for name, test := range map[string]struct {
		backend backend
		code    uint16
		text    string
	}{
		"forbidden": {at("169.254.169.254:3306"), 1044, `Access denied to database "forbidden"`},
		"down":      {at(enginetest.ClosedPort(t)), 1040, `"down" is not accepting connections`},
		"rude":      {script{}.start(t), 1040, `"rude" is not accepting connections`},
		"fickle":    {script{says: []string{packet(0, handshake), ""}}.start(t), 1040, `"fickle" is not accepting connections`},
		"broken":    {script{says: []string{packet(0, handshake)[:40]}}.start(t), 1040, `"broken" is not accepting connections`},
		"foreign":   {script{says: []string{packet(0, "220 smtp ESMTP\r\n")}}.start(t), 1040, "does not speak the MySQL protocol"},
		// As a server says it that has blocked the host: without an SQLSTATE.
		"blocked": {script{says: []string{packet(0, "\xff\x69\x04Host 'proxy' is blocked")}}.start(t), 1129, "Host 'proxy' is blocked"},
	} {
		t.Run(name, func(t *testing.T) {
			p := startProxy(t, lateOptions(), map[string]backend{name: test.backend})
			p.checkRefused(t, name, test.code, test.text)
		})
	}
}

// TestSleepingBackend doesn't answer a connection attempt.
func TestSleepingBackend(t *testing.T) {
	routes := map[string]backend{"asleep": {network: "tcp", address: enginetest.BlackHole(t)}}
	p := startProxy(t, lateOptions(), routes, func(cfg *engine.Config) { cfg.Timeouts.Connect = shortly })
	p.checkRefused(t, "asleep", 1159, `"asleep" did not accept the connection in time`)
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
	enginetest.CloseAll(t, s.conn, s.db, killer)
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
