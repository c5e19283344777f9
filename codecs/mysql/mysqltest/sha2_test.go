package mysqltest

import (
	"fmt"
	"testing"

	driver "github.com/go-sql-driver/mysql"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/mysql"
)

// caching_sha2_password and sha256_password over each of the four combinations
// of TLS, twice: the first time the server must see the password, the second
// time caching_sha2_password's hash of it is enough.
func TestSHA2(t *testing.T) {
	for _, method := range []string{"caching_sha2_password", "sha256_password"} {
		for _, policy := range []codecs.TLSPolicy{codecs.NoTLS, codecs.RequireTLS} {
			for _, clientTLS := range []string{"false", "skip-verify"} {
				t.Run(fmt.Sprintf("%s/%d/%s", method, policy, clientTLS), func(t *testing.T) {
					s := startSHA2(t, method)
					p := startProxy(t, mysql.Options{
						TLS: mysql.TLSOffered, Capabilities: sha2Capabilities, Key: mustIdentity().key,
					}, map[string]backend{"alpha": s.backend(policy)})
					for range 2 {
						db := p.connect(t, func(c *driver.Config) { c.User, c.TLSConfig = userSHA2, clientTLS })
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
