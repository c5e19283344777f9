//go:build linux

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/proxy-engine/proxy-engine/loadtest/backend"
)

// serveBackend runs a built-in backend until ctx ends. Its first line of
// output tells where it listens. The processes that share its load, when there
// are more connections than one can hold, say nothing.
func serveBackend(ctx context.Context, args []string, out io.Writer) error {
	config, err := backendConfig(args)
	if err != nil {
		return usageError{err}
	}
	if config.Successor, err = successor(args, config); err != nil {
		return err
	}
	runtime.GOMAXPROCS(procsFor(config.Loops))
	server, err := backend.Listen(config)
	if errors.Is(err, backend.ErrRemote) {
		return usageError{fmt.Errorf("%w; --allow-remote permits it", err)}
	}
	if err != nil {
		return err
	}
	if !config.Inherit {
		fmt.Fprintf(out, "listening on %s\n", server.Addr())
	}
	return server.Serve(ctx)
}

// backendConfig reads the command line that follows "backend".
func backendConfig(args []string) (backend.Config, error) {
	name, args := firstWord(args)
	var c backend.Config
	f := flag.NewFlagSet("loadtest backend "+strings.Join(backend.Names(), "|"), flag.ContinueOnError)
	listen := f.String("listen", "127.0.0.1:0", "`ADDRESS:PORT`; port 0 is a free one, address 0.0.0.0 all of 127.0.0.0/8")
	f.BoolVar(&c.AllowRemote, "allow-remote", false, "permit addresses that are not on loopback")
	f.IntVar(&c.Loops, "loops", runtime.NumCPU(), "event loops")
	payload := bytesFlag(f, "payload", backend.DefaultPayload, "`BYTES` in an answer of http")
	pace := bytesFlag(f, "pace", backend.DefaultPace, "`BYTES` per second that slow echoes on each connection")
	cert := f.String("tls-cert", "", "PEM `FILE` of the certificate with which echo speaks TLS; in the clear if empty")
	key := f.String("tls-key", "", "PEM `FILE` of its key")
	f.BoolVar(&c.Inherit, "successor", false, "take over the listeners of the backend that starts this one, as it does by itself when it is full")
	if err := parse(f, args); err != nil {
		return c, err
	}
	c.Payload, c.Pace = int(*payload), int(*pace)
	return c, errors.Join(parseKind(name, &c), parseListen(*listen, &c), checkSizes(c), readPair(*cert, *key, &c))
}

// readPair reads the certificate, if there is to be one.
func readPair(cert, key string, c *backend.Config) error {
	if cert == "" && key == "" {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	c.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	return err
}

func parseKind(name string, c *backend.Config) (err error) {
	c.Kind, err = backend.ParseKind(name)
	return err
}

func parseListen(text string, c *backend.Config) (err error) {
	if c.Addr, err = netip.ParseAddrPort(text); err != nil {
		return fmt.Errorf("--listen %q: want an IP address and a port, such as 127.0.0.1:9000", text)
	}
	return nil
}

// checkSizes refuses what backend.Config would take for its defaults.
func checkSizes(c backend.Config) error {
	if c.Loops < 1 || c.Payload < 1 || c.Pace < 1 {
		return errors.New("--loops, --payload and --pace must be at least 1")
	}
	return nil
}

// successor is the command line of a process that continues one that was
// started with args. The number of loops is named, for it depends on the
// processors available unless it is.
func successor(args []string, c backend.Config) ([]string, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command := append([]string{program, "backend"}, args...)
	if !c.Inherit {
		command = append(command, "--loops", strconv.Itoa(c.Loops), "--successor")
	}
	return command, nil
}

// firstWord takes the subcommand off the arguments, if there is one.
func firstWord(args []string) (string, []string) {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		return "", args
	}
	return args[0], args[1:]
}
