package mysqltest

import (
	"fmt"
	"strings"
	"testing"

	driver "github.com/go-sql-driver/mysql"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/mysql"
	"github.com/proxy-engine/proxy-engine/engine"
)

// TestRefusals: what a backend, or the routing, refuses in words.
func TestRefusals(t *testing.T) {
	routes := backends(codecs.NoTLS)
	routes["missing"] = routes["alpha"]
	p := startProxy(t, mysql.Options{TLS: mysql.TLSOffered}, routes)
	for _, test := range []struct {
		name, user, password, database string
		code                           uint16
		text                           string
	}{
		{"wrong password", userNative, "wrong", "alpha", 1045, "Access denied for user 'native'@"},
		{"wrong password, ed25519", userEd25519, "wrong", "alpha", 1045, "Access denied for user 'ed'@"},
		{"unknown user", "nobody", "x", "alpha", 1045, "Access denied for user 'nobody'@"},
		{"unknown resource", userNative, password, "nowhere", 1049, `Unknown database "nowhere"`},
		{"unknown database", userNative, password, "missing", 1049, "Unknown database 'missing'"},
		{"no database", userNative, password, "", 1046, "No database selected"},
	} {
		for _, tls := range []string{"false", "skip-verify"} {
			t.Run(test.name+"/"+tls, func(t *testing.T) {
				db := p.connect(t, func(c *driver.Config) {
					c.User, c.Passwd, c.DBName, c.TLSConfig = test.user, test.password, test.database, tls
				})
				if err := pingBeyondZeros(db); number(err) != test.code || !strings.Contains(err.Error(), test.text) {
					t.Errorf("%v, want error %d: %s", err, test.code, test.text)
				}
			})
		}
		t.Run(test.name+"/mariadb", func(t *testing.T) {
			got, err := p.mariadbCLI(t, "select 1", "-u"+test.user, "-p"+test.password, "--database="+test.database)
			if err == nil || !strings.Contains(got, fmt.Sprintf("ERROR %d", test.code)) || !strings.Contains(got, test.text) {
				t.Errorf("%s, %v, want error %d: %s", got, err, test.code, test.text)
			}
		})
	}
	if gone := p.engine.Stats().Closed[engine.BackendGone]; gone != 0 {
		t.Errorf("%d sessions ended as if their backend had gone", gone)
	}
}

func TestTLSRequired(t *testing.T) {
	p := startProxy(t, mysql.Options{TLS: mysql.TLSRequired}, backends(codecs.NoTLS))
	if err := p.connect(t, func(*driver.Config) {}).Ping(); number(err) != 3159 {
		t.Errorf("%v, want error 3159", err)
	}
	if got := whoami(t, p.connect(t, func(c *driver.Config) { c.TLSConfig = "skip-verify" })); got != "alpha" {
		t.Errorf("on %q", got)
	}
}

// The other names of a resource: the user's form, an attribute, the server
// name; and a route that names the database.
func TestOtherNames(t *testing.T) {
	routes := backends(codecs.NoTLS)
	for name, b := range routes {
		b.target.Metadata = map[string]string{codecs.MetadataDatabase: name}
		routes[name] = b
	}
	p := startProxy(t, mysql.Options{TLS: mysql.TLSOffered, UserSeparator: "@", RouteBySNI: true}, routes)
	for name, change := range map[string]func(*driver.Config){
		"alpha": func(c *driver.Config) { c.User = userNative + "@alpha" },
		"beta":  func(c *driver.Config) { c.ConnectionAttributes = mysql.DefaultAttribute + ":beta" },
		"gamma": func(c *driver.Config) {
			c.TLS = clientTLS()
			c.TLS.ServerName = "gamma"
		},
	} {
		db := p.connect(t, func(c *driver.Config) {
			c.DBName = ""
			change(c)
		})
		if got := whoami(t, db); got != name {
			t.Errorf("on %q, want %q", got, name)
		}
	}
}
