package main

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/proxy-engine/proxy-engine/engine/admin"
)

// adminSettings are what is said about operators.
type adminSettings struct {
	address, tokenFile string
	top                int
}

// maxToken is more than any token has, in bytes.
const maxToken = 4096

// adminOptions are those of the admin server, without an address if it is off.
func (s *settings) adminOptions(log *slog.Logger, f *findings) admin.Options {
	if s.admin.address == adminOff {
		return admin.Options{}
	}
	token, err := readToken(s.admin.tokenFile)
	if err != nil {
		f.faultf("--admin-token-file: %v", err)
	}
	o := admin.Options{Address: s.admin.address, Token: token, Top: s.admin.top, Version: version(), Logger: log}
	if err == nil {
		f.fault(o.Validate())
	}
	return o
}

// readToken returns what a file holds but for spaces around it, "" for no file.
func readToken(name string) (string, error) {
	if name == "" {
		return "", nil
	}
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxToken+1))
	token := strings.TrimSpace(string(text))
	switch {
	case err != nil:
		return "", err
	case token == "" || len(text) > maxToken:
		return "", errors.New("want one token of at most 4 KiB: " + name)
	}
	return token, nil
}
