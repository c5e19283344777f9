package mysqltest

import (
	"context"
	"fmt"
	"testing"

	driver "github.com/go-sql-driver/mysql"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/mysql"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

func lateOptions() mysql.Options {
	return mysql.Options{TLS: mysql.TLSOffered, LateBinding: true, Key: mustIdentity().key}
}

// A client without a database sets what it likes, then USE decides where it
// is; what it has set holds there.
func TestLateBinding(t *testing.T) {
	for _, policy := range []codecs.TLSPolicy{codecs.NoTLS, codecs.RequireTLS} {
		p := startProxy(t, lateOptions(), backends(policy))
		for _, clientTLS := range []string{"false", "skip-verify"} {
			for _, user := range []string{userNative, userEmpty} {
				for _, database := range databases {
					t.Run(fmt.Sprintf("%d/%s/%s/%s", policy, clientTLS, user, database), func(t *testing.T) {
						db := p.connect(t, func(c *driver.Config) {
							c.User, c.DBName, c.TLSConfig = user, "", clientTLS
							if user == userEmpty {
								c.Passwd = ""
							}
						})
						for _, statement := range []string{"SET @mine = 42, sql_mode = 'ANSI'", "SET time_zone = '+03:00'", "USE `" + database + "`"} {
							if _, err := db.Exec(statement); err != nil {
								t.Fatalf("%s: %v", statement, err)
							}
						}
						if got := whoami(t, db); got != database {
							t.Errorf("on %q, want %q", got, database)
						}
						var mine, zone, selected string
						if err := db.QueryRow("select @mine, @@time_zone, database()").Scan(&mine, &zone, &selected); err != nil {
							t.Fatal(err)
						}
						if mine != "42" || zone != "+03:00" || selected != database {
							t.Errorf("@mine is %s, the time zone %s, the database %s", mine, zone, selected)
						}
					})
				}
			}
		}
	}
}

// Both forms of caching_sha2_password, known to the server or not.
func TestLateBindingSHA2(t *testing.T) {
	for _, method := range []string{"caching_sha2_password", "sha256_password"} {
		for _, policy := range []codecs.TLSPolicy{codecs.NoTLS, codecs.RequireTLS} {
			for _, clientTLS := range []string{"false", "skip-verify"} {
				t.Run(fmt.Sprintf("%s/%d/%s", method, policy, clientTLS), func(t *testing.T) {
					o := lateOptions()
					o.Capabilities = sha2Capabilities
					s := startSHA2(t, method)
					p := startProxy(t, o, map[string]backend{"alpha": s.backend(policy)})
					for range 2 {
						db := p.connect(t, func(c *driver.Config) { c.User, c.DBName, c.TLSConfig = userSHA2, "", clientTLS })
						if _, err := db.Exec("use alpha"); err != nil {
							t.Fatal(err)
						}
						if got := whoami(t, db); got != "go-mysql" {
							t.Errorf("on %q", got)
						}
						db.Close()
					}
				})
			}
		}
	}
}

// What is answered without a backend, and what isn't.
func TestWithoutDatabase(t *testing.T) {
	p := startProxy(t, lateOptions(), backends(codecs.NoTLS))
	db := p.connect(t, func(c *driver.Config) { c.DBName = "" })
	if err := db.Ping(); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{
		"select @@version_comment limit 1": "proxy-engine",
		"SELECT @@max_allowed_packet":      "16777216",
		"select version()":                 mysql.DefaultServerVersion,
		"select 1":                         "1",
		"/* c */ select user() as `u`;":    "native@%",
	} {
		var got string
		if err := db.QueryRow(query).Scan(&got); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", query, got, err, want)
		}
	}
	for _, query := range []string{"select * from whoami", "select 1; use alpha", "create table x (a int)", "begin"} {
		_, err := db.Query(query)
		if number(err) != 1046 {
			t.Errorf("%s: %v, want error 1046", query, err)
		}
	}
	if _, err := db.Exec("use nowhere"); number(err) != 1049 {
		t.Errorf("an unknown database: %v", err)
	}
}

// TestQuitUnbound logs in, asks and quits, or just goes, and never has a backend.
func TestQuitUnbound(t *testing.T) {
	p := startProxy(t, lateOptions(), backends(codecs.NoTLS))
	for _, clientTLS := range []string{"false", "skip-verify"} {
		db := p.connect(t, func(c *driver.Config) { c.DBName, c.TLSConfig = "", clientTLS })
		if err := do(db, "set @x = 1"); err != nil {
			t.Error(err)
		}
		enginetest.CloseAll(t, db)
	}
	if got, err := p.mariadbCLI(t, "select 1;\nquit\n", "-u"+userNative, "-p"+password); err != nil || got != "1\n" {
		t.Errorf("%q, %v", got, err)
	}
	p.engine.AwaitClosed(engine.ClientClosed, 3)
}

// The backend's own words about a wrong password and a bad setting answer the
// selection of the database.
func TestLateRefusals(t *testing.T) {
	for _, test := range []struct {
		name, user, password, set, database string
		want                                uint16
	}{
		{"wrong password", userNative, "wrong", "", "alpha", 1045},
		{"unknown user", "nobody", "x", "", "alpha", 1045},
		{"unknown database", userNative, password, "", "missing", 1049},
		{"bad setting", userNative, password, "set no_such_variable = 1", "alpha", 1193},
		{"method only the client knows", userEd25519, password, "", "alpha", 1235},
	} {
		t.Run(test.name, func(t *testing.T) {
			routes := backends(codecs.NoTLS)
			routes["missing"] = routes["alpha"]
			p := startProxy(t, lateOptions(), routes)
			db := p.connect(t, func(c *driver.Config) { c.User, c.Passwd, c.DBName = test.user, test.password, "" })
			conn, err := db.Conn(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if test.set != "" {
				if _, err := conn.ExecContext(t.Context(), test.set); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := conn.ExecContext(t.Context(), "use "+test.database); number(err) != test.want {
				t.Errorf("%v, want error %d", err, test.want)
			}
		})
	}
}
