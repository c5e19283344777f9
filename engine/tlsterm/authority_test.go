package tlsterm

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// authority is a CA of the tests.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  crypto.Signer
	// chain is what servers send along: the certificates of CAs below the root.
	chain []byte
}

// issued is a certificate in PEM, with its chain, and its key.
type issued struct{ cert, key []byte }

// wish is what a certificate is to be.
type wish struct {
	cn    string
	names []string // DNS names
	ips   []string
	key   crypto.Signer // nil: a new P-256 one
	from  time.Time     // zero: since an hour
	until time.Time     // zero: for an hour
}

var serials = struct {
	sync.Mutex
	last int64
}{}

func nextSerial() *big.Int {
	serials.Lock()
	defer serials.Unlock()
	serials.last++
	return big.NewInt(serials.last)
}

// rsaKey is made once: that takes long.
var rsaKey = sync.OnceValue(func() crypto.Signer {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func newKey(t *testing.T) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ok(t, err)
	return key
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *wish) template(t *testing.T) *x509.Certificate {
	t.Helper()
	c := &x509.Certificate{
		SerialNumber: nextSerial(), Subject: pkix.Name{CommonName: w.cn}, DNSNames: w.names,
		NotBefore: w.from, NotAfter: w.until,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if w.from.IsZero() {
		c.NotBefore = time.Now().Add(-time.Hour)
	}
	if w.until.IsZero() {
		c.NotAfter = time.Now().Add(time.Hour)
	}
	for _, ip := range w.ips {
		c.IPAddresses = append(c.IPAddresses, net.ParseIP(ip))
	}
	return c
}

// newAuthority makes a root.
func newAuthority(t *testing.T, w wish) *authority {
	t.Helper()
	a := &authority{t: t}
	template := asCA(w.template(t))
	a.cert, a.key = template, newKey(t)
	a.cert, _ = a.sign(template, a.key)
	return a
}

func asCA(c *x509.Certificate) *x509.Certificate {
	c.IsCA, c.BasicConstraintsValid, c.KeyUsage, c.ExtKeyUsage = true, true, x509.KeyUsageCertSign, nil
	return c
}

// below makes a CA under this one.
func (a *authority) below(w wish) *authority {
	a.t.Helper()
	key := newKey(a.t)
	cert, block := a.sign(asCA(w.template(a.t)), key)
	return &authority{t: a.t, cert: cert, key: key, chain: append(block, a.chain...)}
}

func (a *authority) sign(template *x509.Certificate, key crypto.Signer) (*x509.Certificate, []byte) {
	a.t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	ok(a.t, err)
	cert, err := x509.ParseCertificate(der)
	ok(a.t, err)
	return cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func (a *authority) issue(w wish) issued {
	a.t.Helper()
	if w.key == nil {
		w.key = newKey(a.t)
	}
	_, cert := a.sign(w.template(a.t), w.key)
	der, err := x509.MarshalPKCS8PrivateKey(w.key)
	ok(a.t, err)
	return issued{append(cert, a.chain...), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})}
}

func (a *authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

func (i issued) load(t *testing.T) tls.Certificate {
	t.Helper()
	cert, err := tls.X509KeyPair(i.cert, i.key)
	ok(t, err)
	return cert
}

// folder is one of certificate files.
type folder struct {
	t   *testing.T
	dir string
}

func newFolder(t *testing.T) *folder { return &folder{t, t.TempDir()} }

func (f *folder) path(name string) string { return filepath.Join(f.dir, name) }

// write puts a file in place by renaming.
func (f *folder) write(name string, content []byte) string {
	f.t.Helper()
	ok(f.t, os.WriteFile(f.path(name+".new"), content, 0o600))
	ok(f.t, os.Rename(f.path(name+".new"), f.path(name)))
	return f.path(name)
}

func (f *folder) pair(name string, i issued) Keypair {
	f.t.Helper()
	return Keypair{Cert: f.write(name+".crt", i.cert), Key: f.write(name+".key", i.key)}
}

// server opens one, with what it logs.
func (f *folder) server(o ServerOptions) (*Server, *logbook) {
	f.t.Helper()
	log := newLogbook(f.t)
	o.Logger = log.logger()
	s, err := openServer(o, log.poll)
	ok(f.t, err)
	f.t.Cleanup(func() { ok(f.t, s.Close()) })
	return s, log
}

// client opens one.
func (f *folder) client(o ClientOptions) *Client {
	f.t.Helper()
	c, err := OpenClient(o)
	ok(f.t, err)
	f.t.Cleanup(func() { ok(f.t, c.Close()) })
	return c
}

// logbook hands log lines to a test, and has files looked at.
type logbook struct {
	t     *testing.T
	lines chan string
	poll  chan time.Time
	all   bytes.Buffer // read by the test what it took
}

func newLogbook(t *testing.T) *logbook {
	return &logbook{t: t, lines: make(chan string, 1000), poll: make(chan time.Time)}
}

func (l *logbook) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Write implements io.Writer for one line.
func (l *logbook) Write(line []byte) (int, error) {
	l.lines <- string(line)
	return len(line), nil
}

// until waits for a line with the words.
func (l *logbook) until(words ...string) string {
	l.t.Helper()
	for line := range l.lines {
		l.all.WriteString(line)
		if containsAll(line, words) {
			return line
		}
	}
	return ""
}

func containsAll(line string, words []string) bool {
	for _, word := range words {
		if !strings.Contains(line, word) {
			return false
		}
	}
	return true
}

// rest returns what has been logged and not been waited for.
func (l *logbook) rest() (rest string) {
	for len(l.lines) > 0 {
		rest += <-l.lines
	}
	l.all.WriteString(rest)
	return rest
}

// ends are the two of a TLS connection after the handshake.
type ends struct {
	server, client       *tls.Conn
	serverErr, clientErr error
}

// shake shakes hands over loopback and has the server say a byte, behind which
// the client has its ticket, and the answer to its certificate.
func shake(t *testing.T, server, client *tls.Config) *ends {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	ok(t, err)
	s, err := l.Accept()
	ok(t, err)
	t.Cleanup(func() { s.Close(); c.Close() })
	return shakeOver(s, c, server, client)
}

func shakeOver(s, c net.Conn, server, client *tls.Config) *ends {
	e := &ends{server: tls.Server(s, server), client: tls.Client(c, client)}
	var both sync.WaitGroup
	both.Go(func() {
		if e.serverErr = e.server.Handshake(); e.serverErr == nil {
			_, e.serverErr = e.server.Write([]byte{'!'})
		}
		finish(s, e.serverErr)
	})
	both.Go(func() {
		if e.clientErr = e.client.Handshake(); e.clientErr == nil {
			_, e.clientErr = io.ReadFull(e.client, make([]byte, 1))
		}
		finish(c, e.clientErr)
	})
	both.Wait()
	return e
}

// finish has the other side of one that failed end too, after its alert.
func finish(c net.Conn, err error) {
	if err == nil {
		return
	}
	switch c := c.(type) {
	case *net.TCPConn:
		_ = c.CloseWrite()
	case *bufferedEnd:
		c.out.close()
	}
}

// must is for handshakes that have to succeed.
func (e *ends) must(t *testing.T) *ends {
	t.Helper()
	if e.serverErr != nil || e.clientErr != nil {
		t.Fatalf("the handshake fails: server %v, client %v", e.serverErr, e.clientErr)
	}
	return e
}

// wantResumed checks whether both ends resumed, and agree.
func (e *ends) wantResumed(t *testing.T, want bool) *ends {
	t.Helper()
	e.must(t)
	s, c := e.server.ConnectionState().DidResume, e.client.ConnectionState().DidResume
	if s != want || c != want {
		t.Errorf("resumed: server %v, client %v, want %v", s, c, want)
	}
	return e
}

// served returns the common name of the certificate the client was shown.
func (e *ends) served() string {
	return e.client.ConnectionState().PeerCertificates[0].Subject.CommonName
}

// echo checks that a connection carries bytes both ways.
func (e *ends) echo(t *testing.T) {
	t.Helper()
	for _, way := range [][2]*tls.Conn{{e.client, e.server}, {e.server, e.client}} {
		_, err := way[0].Write([]byte("ping"))
		ok(t, err)
		got := make([]byte, 4)
		if _, err := io.ReadFull(way[1], got); err != nil || string(got) != "ping" {
			t.Errorf("%q, %v arrives", got, err)
		}
	}
}

// bothVersions runs a test at both versions of TLS.
func bothVersions(t *testing.T, test func(t *testing.T, version uint16)) {
	for _, v := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(v), func(t *testing.T) { test(t, v) })
	}
}
