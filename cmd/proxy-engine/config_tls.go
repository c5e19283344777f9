package main

import (
	"errors"
	"log/slog"
	"slices"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
)

// metadataTLS names the metadata of routes that are about TLS, for the help.
const metadataTLS = engine.MetadataTLS + ", " + engine.MetadataTLSName

// openTLS reads the certificates, those for clients only if there is a listener
// that shows them.
func (s *settings) openTLS(cfg *engine.Config, log *slog.Logger, f *findings) {
	if s.terminates() {
		s.openServer(log, f)
	} else if len(s.certs)+len(s.keys) > 0 {
		f.warnf("--tls-cert and --tls-key have no effect: no listener terminates TLS")
	}
	s.checkNamed(f)
	s.checkPassthrough(f)
	options := s.backendCerts
	options.Logger = log
	client, err := tlsterm.OpenClient(options)
	if err != nil {
		f.faultf("--backend-tls: %w", err)
		return
	}
	cfg.TLS.Backends = client
}

// checkNamed finds TCP listeners whose clients want nobody knows what.
func (s *settings) checkNamed(f *findings) {
	for _, p := range s.tcp {
		mode := s.tls
		if p.tls != nil {
			mode = *p.tls
		}
		if p.name == "" && mode != tlsPassthrough && !(mode.terminates() && s.routeBy == bySNI) {
			f.faultf("--tcp %s: which resource do clients want? Give NAME@%s, or --tls and --route-by=sni", p, p.address)
		}
	}
}

// checkPassthrough finds listeners whose protocol says too much before TLS.
func (s *settings) checkPassthrough(f *findings) {
	for _, d := range s.doors() {
		if p := d.front(tlsOff).Protocol; d.mode == tlsPassthrough && (p == codecs.MySQL || p == codecs.SMTP) {
			f.faultf("--%s %s: TLS can't be passed through, since the server speaks first", d.name, d.place)
		}
	}
}

func (s *settings) openServer(log *slog.Logger, f *findings) {
	options := s.clientTLS
	options.Logger = log
	if len(s.certs) == 0 || len(s.certs) != len(s.keys) {
		f.faultf("TLS needs --tls-cert and --tls-key, as many of one as of the other: %d and %d are given", len(s.certs), len(s.keys))
		return
	}
	for i := range s.certs {
		options.Keypairs = append(options.Keypairs, tlsterm.Keypair{Cert: s.certs[i], Key: s.keys[i]})
	}
	server, err := tlsterm.OpenServer(options)
	if err != nil {
		f.fault(err)
		return
	}
	s.server = server
}

// terminates says whether a listener's clients speak TLS with us.
func (s *settings) terminates() bool {
	return slices.ContainsFunc(s.doors(), func(d door) bool { return d.mode.terminates() })
}

// closeTLS stops watching the files.
func (s *settings) closeTLS(cfg *engine.Config) error {
	var errs []error
	if s.server != nil {
		errs = append(errs, s.server.Close())
	}
	if cfg.TLS.Backends != nil {
		errs = append(errs, cfg.TLS.Backends.Close())
	}
	return errors.Join(errs...)
}
