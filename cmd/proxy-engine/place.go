package main

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/proxy-engine/proxy-engine/engine/proxyheader"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
)

// tlsMode says what listeners do about TLS.
type tlsMode uint8

const (
	// tlsOff: clients speak in the clear.
	tlsOff tlsMode = iota
	// tlsOn: clients may use TLS where their protocol asks for it, and must
	// where it begins with the first byte.
	tlsOn
	// tlsRequire: clients must use TLS.
	tlsRequire
	// tlsPassthrough: clients use TLS with the backend; only the name in their
	// first message is read.
	tlsPassthrough
)

func tlsModes() []string {
	return []string{tlsOff: "off", tlsOn: "on", tlsRequire: "require", tlsPassthrough: "passthrough"}
}

// String returns the name as parseTLSMode takes it.
func (m tlsMode) String() string { return tlsModes()[m] }

// terminates says that clients speak TLS with us, or may.
func (m tlsMode) terminates() bool { return m == tlsOn || m == tlsRequire }

// parseTLSMode also takes what PROXY_TLS_ENABLED was, true or false.
func parseTLSMode(text string) (tlsMode, error) {
	if at := slices.Index(tlsModes(), strings.ToLower(text)); at >= 0 {
		return tlsMode(at), nil
	}
	switch on, err := parseBool(text); {
	case err != nil:
		return tlsOff, errors.New("want off, on, require or passthrough")
	case on:
		return tlsOn, nil
	}
	return tlsOff, nil
}

// place is where to listen, and what is said about TLS and headers there; nil is what all
// listeners have.
type place struct {
	address    string
	tls        *tlsMode
	backendTLS *tlsterm.Verify

	backendHeader *proxyheader.Version
}

// parsePlace takes host:port with options behind it, as in a URL's query:
// 0.0.0.0:5432?tls=require&backend-tls=verify-full.
func parsePlace(text string) (place, error) {
	address, query, _ := strings.Cut(text, "?")
	address, err := parseListenAddress(address)
	if err != nil {
		return place{}, err
	}
	options, err := url.ParseQuery(query)
	if err != nil {
		return place{}, errors.New("want host:port?option=value&option=value")
	}
	p := place{address: address}
	for name, values := range options {
		if err := p.set(name, values[len(values)-1]); err != nil {
			return place{}, err
		}
	}
	return p, nil
}

func (p *place) set(name, text string) (err error) {
	switch name {
	case "tls":
		p.tls, err = option(parseTLSMode, name, text)
	case "backend-tls":
		p.backendTLS, err = option(tlsterm.ParseVerify, name, text)
	case "backend-proxy-protocol":
		p.backendHeader, err = option(proxyheader.ParseVersion, name, text)
	default:
		err = fmt.Errorf("unknown option %q of a listener: want tls, backend-tls or backend-proxy-protocol", name)
	}
	return err
}

// option parses the value of a place's option.
func option[T any](parse func(string) (T, error), name, text string) (*T, error) {
	x, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s=%s: %w", name, text, err)
	}
	return &x, nil
}

// String returns a text that parsePlace takes.
func (p place) String() string {
	var options []string
	if p.tls != nil {
		options = append(options, "tls="+p.tls.String())
	}
	if p.backendTLS != nil {
		options = append(options, "backend-tls="+p.backendTLS.String())
	}
	if p.backendHeader != nil {
		options = append(options, "backend-proxy-protocol="+p.backendHeader.String())
	}
	if len(options) == 0 {
		return p.address
	}
	return p.address + "?" + strings.Join(options, "&")
}

// namedPlace is a plain TCP listener: the name is its resource id. It is empty
// where clients name it themselves (SNI).
type namedPlace struct {
	name string
	place
}

func parseNamedPlace(text string) (namedPlace, error) {
	name, rest, named := strings.Cut(text, "@")
	if !named {
		name, rest = "", text
	} else if name == "" {
		return namedPlace{}, errors.New("want NAME@host:port")
	}
	p, err := parsePlace(rest)
	return namedPlace{name, p}, err
}

// String returns a text that parseNamedPlace takes.
func (n namedPlace) String() string {
	if n.name == "" {
		return n.place.String()
	}
	return n.name + "@" + n.place.String()
}

// routeBy says what names the resource of a TCP listener.
type routeBy uint8

const (
	byName routeBy = iota
	bySNI
)

// String returns the name as parseRouteBy takes it.
func (r routeBy) String() string { return [...]string{byName: "name", bySNI: "sni"}[r] }

func parseRouteBy(text string) (routeBy, error) {
	switch text {
	case "name":
		return byName, nil
	case "sni":
		return bySNI, nil
	}
	return byName, errors.New("want name or sni")
}
