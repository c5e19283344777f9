package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/proxy-engine/proxy-engine/codecs/naming"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// parseText takes any text but none.
func parseText(text string) (string, error) {
	if text == "" {
		return "", errors.New("is empty")
	}
	return text, nil
}

// parseListenAddress takes host:port, or a port alone for every IPv4 address.
func parseListenAddress(text string) (string, error) {
	if !strings.Contains(text, ":") {
		text = "0.0.0.0:" + text
	}
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return "", errors.New("want host:port")
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", fmt.Errorf("port %q isn't a number from 0 to 65535", port)
	}
	return text, nil
}

// parseEndpoint takes what can be dialled.
func parseEndpoint(text string) (string, error) {
	_, err := resolve.NewFixed(text)
	return text, err
}

// pattern is a resource pattern and the text it was made from.
type pattern struct {
	text     string
	compiled *naming.Pattern // nil: the whole name
}

func parsePattern(text string) (pattern, error) {
	compiled, err := naming.CompilePattern(text)
	return pattern{text, compiled}, err
}

func (p pattern) String() string { return p.text }

// hidden stands where a secret is, or may be.
const hidden = "xxxxx"

// shownParameters are those of resolvers' URLs that are no secrets. A service's own, and what
// is misspelt, may well be some.
var shownParameters = strings.Fields(`activity activity_ttl ca cert cert_key client_name concurrency connect_timeout db hmac-env
	hmac-file host instance key messages origins purge_channel sentinel_user server_name timeout token-env token-file wake_channel`)

// hideSecrets shows a URL without what may be a secret in it.
func hideSecrets(text string) string {
	if text == "" {
		return ""
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" || u.Opaque != "" {
		return "(not a URL)" // but user:password@host, perhaps
	}
	if _, password := u.User.Password(); u.User != nil && !password {
		u.User = url.User(hidden) // it may be a key
	}
	parameters := strings.Split(u.RawQuery, "&")
	for i, p := range parameters {
		switch name, _, valued := strings.Cut(p, "="); {
		case p == "" || valued && slices.Contains(shownParameters, name):
		case valued:
			parameters[i] = name + "=" + hidden
		default:
			parameters[i] = hidden
		}
	}
	u.RawQuery, u.Fragment = strings.Join(parameters, "&"), ""
	return u.Redacted()
}

func parseLevel(text string) (slog.Level, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(text)); err != nil {
		return l, errors.New("want debug, info, warn or error")
	}
	return l, nil
}

func formatLevel(l slog.Level) string { return strings.ToLower(l.String()) }

func parseLogFormat(text string) (string, error) {
	if text != "text" && text != "json" {
		return "", errors.New("want text or json")
	}
	return text, nil
}

// parsePrefix takes a range in CIDR notation, or one address.
func parsePrefix(text string) (netip.Prefix, error) {
	prefixes, err := resolve.ParsePrefixes(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	if len(prefixes) != 1 {
		return netip.Prefix{}, errors.New("want an address range such as 10.0.0.0/8")
	}
	return prefixes[0], nil
}
