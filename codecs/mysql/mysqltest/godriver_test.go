package mysqltest

import (
	"fmt"
	"testing"

	driver "github.com/go-sql-driver/mysql"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/mysql"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
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
						enginetest.Must(t, pingBeyondZeros(db))
						if got := whoami(t, db); got != database {
							t.Errorf("on %q, want %q", got, database)
						}
					})
				}
			}
		}
	}
}
