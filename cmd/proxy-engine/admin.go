package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
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
func (s *settings) adminOptions(t table, log *slog.Logger, f *findings) admin.Options {
	if s.admin.address == adminOff {
		return admin.Options{}
	}
	token, err := readToken(s.admin.tokenFile)
	if err != nil {
		f.faultf("--admin-token-file: %v", err)
	}
	var yaml bytes.Buffer
	t.printYAML(&yaml)
	text := yaml.String()
	o := admin.Options{
		Address: s.admin.address, Token: token, Top: s.admin.top, Version: version(), Logger: log,
		Settings: func() string { return text },
	}
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

// startAdmin serves operators until the function it returns is called. Where
// nobody asked for the default address, another process may have it.
func startAdmin(e *engine.Engine, o admin.Options, log *slog.Logger) (stop func(), err error) {
	if o.Address == "" {
		return func() {}, nil
	}
	s, err := admin.Start(e, o)
	if err != nil && o.Address == defaultAdmin {
		log.Warn("no admin listener", "cause", err)
		return func() {}, nil
	}
	if err != nil {
		return nil, err
	}
	log.Info("admin listening", "address", fmt.Sprint(s.Addr()))
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		s.Close(ctx)
	}, nil
}
