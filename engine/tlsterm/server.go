package tlsterm

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// ServerOptions configure TLS towards clients.
type ServerOptions struct {
	// Keypairs are the certificates, among which the name decides that a client
	// asks for (SNI); the first is for those that ask for none or another. At
	// least one is required.
	Keypairs []Keypair
	// ClientCA is a PEM file with the CAs of client certificates; empty: clients
	// aren't asked for one. A client that shows one is refused unless it is valid.
	ClientCA string
	// RequireClientCert refuses clients that show none.
	RequireClientCert bool
	// MinVersion is tls.VersionTLS12 (also 0) or tls.VersionTLS13.
	MinVersion uint16
	// CipherSuites are those allowed in TLS 1.2, as of ParseCipherSuites; empty:
	// ECDHE with an AEAD.
	CipherSuites []uint16
	// Logger is told of certificates loaded, expired, broken; nil discards.
	Logger *slog.Logger
}

// Server holds what TLS towards clients is configured with. It watches the
// files and takes over new versions, for handshakes that begin afterwards;
// sessions aren't touched. Safe for concurrent use.
type Server struct {
	reloader
	options ServerOptions
	params  parameters
	current atomic.Pointer[serverFiles]

	mu    sync.Mutex
	faces map[string]*face // by application protocols
}

// OpenServer loads the files and watches them. Its error tells every fault at
// once. Close ends the watching.
func OpenServer(o ServerOptions) (*Server, error) { return openServer(o, nil) }

func openServer(o ServerOptions, poll <-chan time.Time) (*Server, error) {
	params, err := newParameters(o.MinVersion, o.CipherSuites)
	err = errors.Join(err, o.check())
	s := &Server{options: o, params: params, faces: make(map[string]*face)}
	s.reloader = reloader{paths: o.paths(), log: orDiscard(o.Logger), build: s.build}
	if err := s.open(err, poll); err != nil {
		return nil, err
	}
	return s, nil
}

func (o *ServerOptions) check() error {
	var errs []error
	if len(o.Keypairs) == 0 {
		errs = append(errs, errors.New("TLS wants at least one certificate and its key"))
	}
	for _, pair := range o.Keypairs {
		errs = append(errs, pair.check())
	}
	if o.RequireClientCert && o.ClientCA == "" {
		errs = append(errs, errors.New("requiring client certificates wants a CA file to check them with"))
	}
	return errors.Join(errs...)
}

func (o *ServerOptions) paths() []string { return filesOf(o.ClientCA, o.Keypairs...) }

func orDiscard(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return log
}

// Config returns the configuration of listeners that offer these application
// protocols (ALPN), none if the list is empty. It is to be used unchanged for
// all of them, however long: it follows reloads, and resumes sessions of any of
// them. Those of listeners with other protocols it doesn't resume.
//
// A ticket doesn't outlive what it vouches for: crypto/tls (Go 1.26) resumes a
// session with a client certificate only if no certificate of its chain has
// expired and the root is among today's CAs, and else shakes hands in full.
func (s *Server) Config(alpn []string) *tls.Config {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := strings.Join(alpn, "\x00")
	f := s.faces[key]
	if f == nil {
		f = newFace(s.params.config(alpn))
		f.inner.Store(s.config(f, s.current.Load()))
		s.faces[key] = f
	}
	return f.outer
}

// config is what handshakes with a face run with.
func (s *Server) config(f *face, files *serverFiles) *tls.Config {
	c := s.params.config(f.outer.NextProtos)
	c.GetCertificate = files.certs.choose
	c.WrapSession, c.UnwrapSession = f.wrapSession, f.unwrapSession
	if files.cas != nil {
		c.ClientCAs = files.cas.pool
		c.ClientAuth = tls.VerifyClientCertIfGiven
	}
	if s.options.RequireClientCert {
		c.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return c
}

// Loaded describes the certificates in use, in the order of Keypairs.
func (s *Server) Loaded() []CertInfo { return infos(s.current.Load().pairs) }
