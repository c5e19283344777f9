package mysqltest

import (
	"database/sql"
	"errors"
	"fmt"
	"testing"

	driver "github.com/go-sql-driver/mysql"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/mysql"
)

// Every way of proving a password, over each of the four combinations of TLS,
// to three databases on three servers through one listener.
func TestRoutesByDatabase(t *testing.T) {
	for _, policy := range []codecs.TLSPolicy{codecs.NoTLS, codecs.RequireTLS} {
		p := startProxy(t, mysql.Options{TLS: mysql.TLSOffered}, backends(policy))
		for _, clientTLS := range []string{"false", "skip-verify"} {
			for _, user := range []string{userNative, userEd25519, userEither, userEmpty} {
				for _, database := range databases {
					t.Run(fmt.Sprintf("%d/%s/%s/%s", policy, clientTLS, user, database), func(t *testing.T) {
						db := p.connect(t, func(c *driver.Config) {
							c.User, c.DBName, c.TLSConfig = user, database, clientTLS
							if user == userEmpty {
								c.Passwd = ""
							}
						})
						pingBeyondZeros(t, db)
						if got := whoami(t, db); got != database {
							t.Errorf("on %q, want %q", got, database)
						}
					})
				}
			}
		}
	}
}

// pingBeyondZeros logs in. The driver cuts a nonce of ed25519's that happens to
// end in a zero byte, one of 256, and calls the packet malformed; the next has
// another nonce.
func pingBeyondZeros(t *testing.T, db *sql.DB) {
	t.Helper()
	for range 8 {
		if err := db.Ping(); !errors.Is(err, driver.ErrMalformPkt) {
			return
		}
	}
	t.Error("eight nonces in a row that end in zero")
}
