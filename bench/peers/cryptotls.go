//go:build linux

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"runtime"
	"sync"
)

// cryptoTLS is the name of the baseline of the TLS rows, as a peer and as this
// program's first argument.
const cryptoTLS = "crypto-tls"

// cryptoTLSPeer is the simplest honest proxy that ends TLS in Go: tls.Listener,
// a goroutine per direction and io.Copy. It is this very program.
func cryptoTLSPeer() peer {
	return peer{
		name: cryptoTLS, descriptors: 2, version: []string{"go", "version"},
		serves: map[workload]func(site) plan{workTLS: func(s site) plan {
			return plan{start: []string{
				s.self, cryptoTLS, "--listen", s.listen.String(), "--backend", s.backend.String(),
				"--certificate", s.file(tlsFile), "--threads", fmt.Sprint(s.threads),
			}}
		}},
	}
}

// runCryptoTLS is the peer: it serves until ctx ends.
func runCryptoTLS(ctx context.Context, args []string) error {
	f := flag.NewFlagSet("peers "+cryptoTLS, flag.ContinueOnError)
	listen := f.String("listen", "", "where to accept TLS")
	backend := f.String("backend", "", "where to connect")
	certificate := f.String("certificate", "", "PEM file with certificate and key")
	threads := f.Int("threads", 2, "GOMAXPROCS")
	if err := f.Parse(args); err != nil {
		return err
	}
	runtime.GOMAXPROCS(*threads)
	pair, err := tls.LoadX509KeyPair(*certificate, *certificate)
	if err != nil {
		return err
	}
	l, err := tls.Listen("tcp", *listen, &tls.Config{Certificates: []tls.Certificate{pair}})
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = l.Close() })
	return acceptTLS(l, *backend)
}

// acceptTLS serves what is accepted until the listener is closed.
func acceptTLS(l net.Listener, backend string) error {
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		go relayTLS(conn.(*tls.Conn), backend)
	}
}

// relayTLS is one session. The first byte to be read makes the handshake.
func relayTLS(client *tls.Conn, backend string) {
	defer client.Close()
	server, err := net.Dial("tcp", backend)
	if err != nil {
		return
	}
	defer server.Close()
	var done sync.WaitGroup
	done.Go(func() { copyTo(server.(*net.TCPConn), client) })
	copyTo(client, server)
	done.Wait()
}

// halfCloser is a connection whose one direction can be ended.
type halfCloser interface {
	io.Writer
	CloseWrite() error
}

func copyTo(to halfCloser, from io.Reader) {
	_, _ = io.Copy(to, from)
	_ = to.CloseWrite()
}
