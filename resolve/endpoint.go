package resolve

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// Limits of a DNS name, RFC 1035 section 2.3.4; 253 is what 255 bytes on the
// wire leave of its text.
const (
	maxName  = 253
	maxLabel = 63
)

var errNoPort = errors.New("want a port from 1 to 65535")

// ParseEndpoint splits an endpoint, "host:port", and validates both parts: the
// host is an IPv4 address, an IPv6 address in brackets or a DNS name in ASCII,
// the port a decimal number from 1 to 65535.
func ParseEndpoint(endpoint string) (host string, port uint16, err error) {
	host, digits, err := net.SplitHostPort(endpoint)
	if err != nil {
		return "", 0, fmt.Errorf("endpoint %q isn't host:port", endpoint)
	}
	if port, err = parsePort(digits); err != nil {
		return "", 0, fmt.Errorf("endpoint %q: %w", endpoint, err)
	}
	if err := validateHost(host); err != nil {
		return "", 0, fmt.Errorf("endpoint %q: %w", endpoint, err)
	}
	return host, port, nil
}

func parsePort(digits string) (uint16, error) {
	port, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || port == 0 {
		return 0, errNoPort
	}
	return uint16(port), nil
}

func validateHost(host string) error {
	if _, err := netip.ParseAddr(host); err == nil {
		return nil
	}
	return validateName(host)
}

// validateName takes underscores too: container platforms use them in names.
func validateName(name string) error {
	name = strings.TrimSuffix(name, ".")
	if name == "" || len(name) > maxName {
		return fmt.Errorf("the host has %d characters, want 1 to %d", len(name), maxName)
	}
	labels := strings.Split(name, ".")
	for _, label := range labels {
		if !validLabel(label) {
			return errors.New("the host is neither an IP address nor a DNS name in ASCII")
		}
	}
	if numeric(labels[len(labels)-1]) {
		return errors.New("the host looks like an IPv4 address and isn't one in four decimal parts")
	}
	return nil
}

func validLabel(label string) bool {
	if label == "" || len(label) > maxLabel {
		return false
	}
	for _, c := range []byte(label) {
		if !isAlphanumeric(c) && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// numeric says whether a last label makes C libraries read the whole name as
// an IPv4 address: 127.1, 0x7f000001, 2130706433. No top-level domain is one
// (RFC 3696 section 2).
func numeric(label string) bool {
	hex := strings.HasPrefix(label, "0x") || strings.HasPrefix(label, "0X")
	return hex || strings.Trim(label, "0123456789") == ""
}
