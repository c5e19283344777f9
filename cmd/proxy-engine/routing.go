package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strconv"
	"strings"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/resolve/filewatch"
)

// routing is all that openResolver goes by: who has the same has the same resolver. It
// holds passwords.
func (s *settings) routing() string {
	parts := []string{s.backend, s.httpBackend, s.httpFixed, s.smtpBackend, s.wakeHook, s.wakeOptions, strconv.FormatBool(s.demo)}
	parts = append(parts, optionFiles(s.wakeOptions)...)
	for _, r := range s.resolvers {
		_, options, _ := strings.Cut(r.url, "?")
		parts = append(parts, r.protocol, r.url)
		parts = append(parts, optionFiles(options)...)
	}
	return fmt.Sprintf("%q", parts)
}

// maxOptionFile is more than any such file may have, in bytes.
const maxOptionFile = 4 << 20

// optionFiles is what is in the files that options of a resolver or of wake hooks name, as
// far as they are read when that is opened.
func optionFiles(options string) (contents []string) {
	values, err := url.ParseQuery(options)
	if err != nil {
		return nil // told when it is opened
	}
	for _, name := range []string{"token-file", "hmac-file", "ca", "messages"} {
		for _, path := range values[name] {
			content, err := filewatch.Read(path, maxOptionFile)
			contents = append(contents, fmt.Sprintf("%x %v", sha256.Sum256(content), err))
		}
	}
	return contents
}

// openResolver returns the resolver of all protocols, nil if there is none or
// none that works, which is then among the faults.
func (s *settings) openResolver(log *slog.Logger, f *findings) resolve.Resolver {
	waker := s.openWaker(f)
	if waker == nil {
		return nil
	}
	s.waker = waker
	all := s.openResolvers(waker, log, f)
	if all == nil {
		return nil
	}
	s.addBackends(all, f)
	if s.demo && !s.addDemo(all, log, f) {
		return nil
	}
	r := resolve.ByProtocol(all)
	if s.wakeHook != "" {
		r = resolve.WithWake(r, s.wakeHook, waker.Wake)
	}
	return r
}

// addBackends adds the backends that are given by themselves: those of protocols
// without a resolver, and HTTP's that stands before any.
func (s *settings) addBackends(all map[string]resolve.Resolver, f *findings) {
	web, mail := codecs.HTTP.String(), codecs.SMTP.String()
	if !s.has("") {
		all[""] = fixed(s.backend)
		if !s.has(web) {
			all[web] = fixed(s.httpBackend)
		}
		if !s.has(mail) {
			all[mail] = fixed(s.smtpBackend)
		}
	}
	if s.httpFixed != "" {
		if s.has(web) {
			f.warnf("--resolver http=... has no effect: --http-fixed-backend (HTTP_FIXED_BACKEND) is given")
			f.fault(closeResolver(all[web]))
		}
		all[web] = fixed(s.httpFixed)
	}
}

// addDemo puts the demo before HTTP's resolver.
func (s *settings) addDemo(all map[string]resolve.Resolver, log *slog.Logger, f *findings) bool {
	d, err := startDemo(log)
	if err != nil {
		f.faultf("--demo: %w", err)
		f.fault(closeResolver(resolve.ByProtocol(all)))
		return false
	}
	web := codecs.HTTP.String()
	next, own := all[web]
	if !own {
		next = all[""]
	}
	all[web] = d
	if next != nil {
		all[web] = resolve.Chain(d, next)
	}
	return true
}

// closeResolver closes a resolver that can be.
func closeResolver(r resolve.Resolver) error {
	if c, ok := r.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// closeWaker lets go of its connections.
func (s *settings) closeWaker() error {
	if s.waker == nil {
		return nil
	}
	return s.waker.Close()
}

// fixed returns nil for no endpoint.
func fixed(endpoint string) resolve.Resolver {
	if endpoint == "" {
		return nil
	}
	return resolve.Fixed(endpoint)
}

// checkRouted finds listeners whose clients could be sent nowhere.
func (s *settings) checkRouted(f *findings) {
	if s.has("") || f.unread { // what it is may stand there
		return
	}
	web, mail := codecs.HTTP.String(), codecs.SMTP.String()
	if s.backend == "" && s.unrouted() {
		f.faultf("nowhere to route to: give --resolver or --tcp-backend (TCP_BACKEND_ENDPOINT)")
	}
	if s.smtpBackend == "" && !s.has(mail) && len(s.smtp)+len(s.smtps) > 0 {
		f.faultf("nowhere to route SMTP to: give --resolver or --smtp-backend (SMTP_BACKEND_ENDPOINT)")
	}
	answered := s.httpBackend != "" || s.httpFixed != "" || s.demo || s.httpDirect.static() != nil || s.has(web)
	if !answered && len(s.http)+len(s.https) > 0 {
		f.faultf("nowhere to route HTTP to: give --resolver or --http-backend (HTTP_BACKEND_ENDPOINT)")
	}
}

// unrouted says whether there is a listener of a protocol without a resolver of
// its own, of those that --tcp-backend is for.
func (s *settings) unrouted() bool {
	for protocol, listeners := range map[codecs.Protocol]int{
		codecs.PostgreSQL: len(s.postgres), codecs.MySQL: len(s.mysql), codecs.MongoDB: len(s.mongodb), codecs.TCP: len(s.tcp),
	} {
		if listeners > 0 && !s.has(protocol.String()) {
			return true
		}
	}
	return false
}

// warnUnused tells of backends that a resolver makes superfluous.
func (s *settings) warnUnused(f *findings) {
	if s.backend != "" && s.has("") {
		f.warnf("--tcp-backend (TCP_BACKEND_ENDPOINT) has no effect: --resolver is given")
	}
	if s.httpBackend != "" && (s.has("") || s.has(codecs.HTTP.String())) {
		f.warnf("--http-backend (HTTP_BACKEND_ENDPOINT) has no effect: --resolver is given")
	}
	if s.smtpBackend != "" && (s.has("") || s.has(codecs.SMTP.String())) {
		f.warnf("--smtp-backend (SMTP_BACKEND_ENDPOINT) has no effect: --resolver is given")
	}
}
