package main

import (
	"errors"
	"net"
	"strconv"
	"strings"
)

// defaultAdmin is where operators are expected.
const defaultAdmin = "127.0.0.1:9900"

// adminOff says that nothing is served to operators.
const adminOff = "off"

func adminRows(s *settings) []*setting {
	return []*setting{
		{flag: "admin", fixed: true, meta: "ADDR", value: scalar[string]{&s.admin.address, parseAdmin, asIs},
			usage: "Serve metrics, health, figures and profiles over HTTP at host:port or unix:/path; off serves none. " +
				"Beyond loopback it needs --admin-token-file."},
		{flag: "admin-token-file", fixed: true, meta: "FILE", value: scalar[string]{&s.admin.tokenFile, parsePath, asIs},
			usage: "A file with the token that clients of --admin must bring (Authorization: Bearer TOKEN). /healthz and /readyz need none."},
		{flag: "metrics-top", fixed: true, meta: "N", value: atLeastOne(&s.admin.top),
			usage: "How many resources, and endpoints, have metrics of their own: those with the most traffic. The others are counted together."},
	}
}

// parseAdmin takes host:port, a port alone, which is the loopback's, unix:/path, or
// off.
func parseAdmin(text string) (string, error) {
	if path, unix := strings.CutPrefix(text, "unix:"); unix && path != "" || text == adminOff {
		return text, nil
	}
	if !strings.Contains(text, ":") {
		text = net.JoinHostPort("127.0.0.1", text)
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil || host != "" && host != "localhost" && net.ParseIP(host) == nil {
		return "", errors.New("want host:port with an IP address, unix:/path or off")
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", errors.New("want a port from 0 to 65535")
	}
	return text, nil
}

func parsePath(text string) (string, error) {
	if text == "" {
		return "", errors.New("want a path")
	}
	return text, nil
}
