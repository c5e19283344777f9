package tlsterm

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// ClientOptions configure TLS towards backends.
type ClientOptions struct {
	// CA is a PEM file with the CAs of the backends' certificates; empty: those
	// the system trusts.
	CA string
	// Cert and Key are shown to backends that ask for a client certificate, PEM;
	// empty: none is.
	Cert, Key string
	// MinVersion is tls.VersionTLS12 (also 0) or tls.VersionTLS13.
	MinVersion uint16
	// CipherSuites are those offered in TLS 1.2, as of ParseCipherSuites; empty:
	// ECDHE with an AEAD.
	CipherSuites []uint16
	// Logger is told of certificates loaded, expired, broken; nil discards.
	Logger *slog.Logger
}

// Client holds what TLS towards backends is configured with. It watches the
// files and takes over new versions, for configurations asked for afterwards.
// Safe for concurrent use.
type Client struct {
	reloader
	options ClientOptions
	params  parameters
	current atomic.Pointer[clientFiles]

	mu      sync.Mutex
	targets *targets
}

// clientFiles are what a client's files hold. Immutable.
type clientFiles struct {
	pairs []*loadedPair // at most one
	cas   *authorities  // nil: the system's
}

// OpenClient loads the files, if there are any, and watches them. Its error
// tells every fault at once. Close ends the watching.
func OpenClient(o ClientOptions) (*Client, error) { return openClient(o, nil) }

func openClient(o ClientOptions, poll <-chan time.Time) (*Client, error) {
	params, err := newParameters(o.MinVersion, o.CipherSuites)
	for _, pair := range o.pairs() {
		err = errors.Join(err, pair.check())
	}
	c := &Client{options: o, params: params}
	c.reloader = reloader{paths: filesOf(o.CA, o.pairs()...), log: orDiscard(o.Logger), build: c.build}
	if err := c.open(err, poll); err != nil {
		return nil, err
	}
	return c, nil
}

func (o *ClientOptions) pairs() []Keypair {
	if o.Cert == "" && o.Key == "" {
		return nil
	}
	return []Keypair{{Cert: o.Cert, Key: o.Key}}
}

// build makes what the client needs of its files.
func (c *Client) build(read contents) (use func(), err error) {
	pairs, cas, err := load(read, c.options.CA, c.options.pairs()...)
	if err != nil {
		return nil, err
	}
	return func() { c.use(&clientFiles{pairs, cas}) }, nil
}

// use forgets the sessions too: they vouch for backends, and are known to
// backends, by certificates that may be no longer.
func (c *Client) use(files *clientFiles) {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.current.Swap(files)
	c.targets = newTargets()
	if old == nil {
		old = &clientFiles{}
	}
	logPairs(c.log, old.pairs, files.pairs)
	logAuthorities(c.log, old.cas, files.cas)
}

// Config returns the configuration for sessions with one backend, nil for Off.
// The server name is what the certificate is to be for: a DNS name, which is
// also sent (SNI), or an IP address, which isn't. The same call gives the same
// configuration, with the sessions it can resume, until the files change or
// many others are asked for: it is cheap, and to be made for each session.
func (c *Client) Config(mode Verify, serverName string, alpn []string) *tls.Config {
	if mode == Off {
		return nil
	}
	t := target{mode, serverName, strings.Join(alpn, "\x00")}
	c.mu.Lock()
	defer c.mu.Unlock()
	config := c.targets.get(t)
	if config == nil {
		config = c.config(mode, serverName, alpn)
		c.targets.put(t, config)
	}
	return config
}

// config makes a configuration of the files in use.
func (c *Client) config(mode Verify, serverName string, alpn []string) *tls.Config {
	files := c.current.Load()
	config := c.params.config(alpn)
	config.ServerName = withoutZone(serverName)
	if serverName != "" { // else nobody knows whose session it is
		config.ClientSessionCache = new(lastSession)
	}
	config.RootCAs = files.roots()
	switch mode {
	case Prefer, Require:
		config.InsecureSkipVerify = true
	case VerifyCA:
		config.InsecureSkipVerify = true
		config.VerifyConnection = verifyChain(config.RootCAs)
	}
	if len(files.pairs) > 0 {
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return files.pairs[0].cert, nil
		}
	}
	return config
}

func (f *clientFiles) roots() *x509.CertPool {
	if f.cas == nil {
		return nil
	}
	return f.cas.pool
}

// withoutZone drops the zone of an IPv6 address, which means something on this
// machine only: no certificate has it.
func withoutZone(name string) string {
	if addr, err := netip.ParseAddr(name); err == nil {
		return addr.WithZone("").String()
	}
	return name
}

// Loaded describes the client certificate in use, if there is one.
func (c *Client) Loaded() []CertInfo { return infos(c.current.Load().pairs) }
