package mysqltest

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	driver "github.com/go-sql-driver/mysql"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// direct connects to a server without the proxy.
func direct(t testing.TB, server string) *sql.DB {
	t.Helper()
	config := driver.NewConfig()
	config.Net, config.Addr = "tcp", "127.0.0.1:"+strconv.Itoa(servers[server].port)
	config.User, config.Passwd = userNative, password
	connector, err := driver.NewConnector(config)
	enginetest.Must(t, err)
	db := sql.OpenDB(connector)
	t.Cleanup(func() { db.Close() })
	return db
}

// awaitStatements waits until a server runs so many statements of this text.
func awaitStatements(t testing.TB, db *sql.DB, text string, n int) {
	t.Helper()
	enginetest.Eventually(t, fmt.Sprintf("%d times %q is run", n, text), func() bool {
		var running int
		enginetest.Must(t, db.QueryRow("select count(*) from information_schema.processlist where info = ?", text).Scan(&running))
		return running == n
	})
}

// TestInterrupt presses Ctrl-C at the command line client, which connects anew
// and sends KILL QUERY.
func TestInterrupt(t *testing.T) {
	const text = "select sleep(600)"
	for _, policy := range []codecs.TLSPolicy{codecs.NoTLS, codecs.RequireTLS} {
		p := startProxy(t, lateOptions(), backends(policy))
		for _, ssl := range []string{"--skip-ssl", "--ssl"} {
			for _, test := range []struct{ name, input, database string }{
				{"named", text, "beta"},
				{"late", "use beta\n" + text, ""},
			} {
				t.Run(fmt.Sprintf("%d/%s/%s", policy, ssl, test.name), func(t *testing.T) {
					server := direct(t, "beta")
					args := []string{"--no-defaults", "--host=127.0.0.1", "--port=" + strconv.Itoa(p.port()), "-unative", "-p" + password, ssl}
					cmd := exec.CommandContext(t.Context(), "mariadb", append(args, "--database="+test.database)...)
					cmd.Stdin = strings.NewReader(test.input)
					var said strings.Builder
					cmd.Stdout, cmd.Stderr = &said, &said
					enginetest.Must(t, cmd.Start())
					awaitStatements(t, server, text, 1)
					enginetest.Must(t, cmd.Process.Signal(os.Interrupt))
					_ = cmd.Wait() // what it says is what counts
					if !strings.Contains(said.String(), "ERROR 1317 (70100)") || !strings.Contains(said.String(), "query killed") {
						t.Errorf("it says %q, want that the query was interrupted", said.String())
					}
					awaitStatements(t, server, text, 0)
				})
			}
		}
	}
}

// sleeper is a session that runs a statement until it is killed.
type sleeper struct {
	id   uint64 // as the proxy has greeted it
	db   *sql.DB
	conn *sql.Conn
	done <-chan error
}

// sleepAt starts one at a server's database.
func (p *proxy) sleepAt(t testing.TB, database, text string) *sleeper {
	t.Helper()
	db := p.connect(t, func(c *driver.Config) { c.DBName = "" })
	conn, err := db.Conn(t.Context())
	enginetest.Must(t, err)
	s := &sleeper{db: db, conn: conn}
	enginetest.Must(t, conn.QueryRowContext(t.Context(), "select connection_id()").Scan(&s.id))
	_, err = conn.ExecContext(t.Context(), "use "+database)
	enginetest.Must(t, err)
	s.done = enginetest.Async(func() error {
		var slept int
		return conn.QueryRowContext(context.Background(), text).Scan(&slept)
	})
	t.Cleanup(func() { conn.Close() })
	return s
}

// TestKill kills statements and sessions by their ids from elsewhere: on the
// right server, and those alone.
func TestKill(t *testing.T) {
	p := startProxy(t, lateOptions(), backends(codecs.NoTLS))
	text := func(database string) string { return "select sleep(600) /* " + database + " */" }
	asleep := map[string]*sleeper{}
	for _, database := range databases {
		asleep[database] = p.sleepAt(t, database, text(database))
		awaitStatements(t, direct(t, database), text(database), 1)
	}
	for i, database := range databases {
		s, command := asleep[database], "kill query %d"
		if i == 0 {
			command = "kill %d"
		}
		db := p.connect(t, func(c *driver.Config) { c.DBName = "" })
		if _, err := db.Exec(fmt.Sprintf(command, s.id)); err != nil {
			t.Errorf("%s: %v", database, err)
		}
		err := <-s.done
		if i > 0 && number(err) != 1317 {
			t.Errorf("%s: the statement ended with %v, want error 1317", database, err)
		}
		if i == 0 && err == nil {
			t.Errorf("%s: the session goes on", database)
		}
		for _, other := range databases[i+1:] {
			awaitStatements(t, direct(t, other), text(other), 1)
		}
	}
	for _, database := range databases[1:] {
		var name string
		if err := asleep[database].conn.QueryRowContext(t.Context(), "select name from whoami").Scan(&name); err != nil || name != database {
			t.Errorf("%s: its session goes on at %q, %v", database, name, err)
		}
	}
}

// TestKillRefusals: what nobody has, what isn't one's own, and with a password
// that is wrong.
func TestKillRefusals(t *testing.T) {
	p := startProxy(t, lateOptions(), backends(codecs.NoTLS))
	const text = "select sleep(600) /* refused */"
	s := p.sleepAt(t, "gamma", text)
	awaitStatements(t, direct(t, "gamma"), text, 1)
	for _, test := range []struct {
		name, user, password string
		id                   uint64
		want                 uint16
	}{
		{"unknown id", userNative, password, s.id ^ 1, 1094},
		{"an id of the server's own", userNative, password, 5, 1094},
		{"another's session", userWeak, password, s.id, 1095},
		{"wrong password", userNative, "wrong", s.id, 1045},
		{"unknown user", "nobody", password, s.id, 1045},
	} {
		db := p.connect(t, func(c *driver.Config) { c.User, c.Passwd, c.DBName = test.user, test.password, "" })
		if _, err := db.Exec(fmt.Sprintf("KILL QUERY %d", test.id)); number(err) != test.want {
			t.Errorf("%s: %v, want error %d", test.name, err, test.want)
		}
	}
	awaitStatements(t, direct(t, "gamma"), text, 1)
	db := p.connect(t, func(c *driver.Config) { c.DBName = "" })
	_, err := db.Exec(fmt.Sprintf("KILL QUERY %d", s.id))
	enginetest.Must(t, err)
	<-s.done
}
