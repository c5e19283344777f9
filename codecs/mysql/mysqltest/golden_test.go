package mysqltest

import (
	"errors"
	"testing"

	driver "github.com/go-sql-driver/mysql"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/mysql"
)

// counting is a source of bytes that aren't random: the replay has the same.
type counting struct{ next byte }

func (c *counting) Read(b []byte) (int, error) {
	for i := range b {
		c.next++
		b[i] = c.next
	}
	return len(b), nil
}

// TestTranscripts holds conversations with real servers; with -update what went
// through the codec becomes codecs/mysql's golden transcripts.
func TestTranscripts(t *testing.T) {
	for _, test := range []struct {
		name            string
		user, secret    string
		database, query string
		clientTLS       string
		policy          codecs.TLSPolicy
		sha2            bool
	}{
		{"native", userNative, password, "alpha", "", "false", codecs.NoTLS, false},
		{"native_tls", userNative, password, "alpha", "", "skip-verify", codecs.RequireTLS, false},
		{"ed25519", userEd25519, password, "beta", "", "false", codecs.NoTLS, false},
		{"either", userEither, password, "gamma", "", "false", codecs.PreferTLS, false},
		{"empty", userEmpty, "", "alpha", "", "skip-verify", codecs.NoTLS, false},
		{"wrong_password", userNative, "wrong", "alpha", "", "false", codecs.NoTLS, false},
		{"sha2_full_tls", userSHA2, password, "alpha", "", "skip-verify", codecs.RequireTLS, true},
		{"sha2_full_rsa", userSHA2, password, "alpha", "", "false", codecs.NoTLS, true},
		{"late", userNative, password, "", "use beta", "skip-verify", codecs.NoTLS, false},
		{"late_wrong_password", userNative, "wrong", "", "use beta", "skip-verify", codecs.NoTLS, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := mysql.Options{
				TLS: mysql.TLSOffered, LateBinding: true, Random: &counting{},
				NextID: func() uint32 { return 7 },
			}
			routes := backends(test.policy)
			if test.sha2 {
				o.Capabilities = sha2Capabilities
				routes["alpha"] = startSHA2(t, "caching_sha2_password").backend(test.policy)
			}
			p := startRecorder(t, o, routes)
			said := make(chan *transcript, 1)
			p.observe = func(tr *transcript) { said <- tr }
			converse := func() (*transcript, error) {
				db := p.connect(t, func(c *driver.Config) {
					c.User, c.Passwd, c.DBName, c.TLSConfig = test.user, test.secret, test.database, test.clientTLS
				})
				err := db.Ping()
				if test.query != "" && err == nil {
					err = do(db, test.query)
				}
				db.Close()
				return <-said, err
			}
			tr, err := converse()
			for errors.Is(err, driver.ErrMalformPkt) { // see pingBeyondZeros
				tr, err = converse()
			}
			if (err != nil) != (test.secret == "wrong") {
				t.Fatal(err)
			}
			if *update {
				tr.write(t, test.name)
			}
		})
	}
}
