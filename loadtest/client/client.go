// Package client opens connections to servers through the real client library
// of their protocol, so that a load test measures what such clients see: the
// handshake, the authentication, and the routing of a proxy in between.
//
// A protocol is one file: a [Dialer], and a function that turns the errors of
// its library into those that [Classify] knows.
//
//	postgres.go  PostgreSQL: pgx's pgconn
//	mysql.go     MySQL: go-sql-driver's connections
//	mongodb.go   MongoDB: package opmsg, because a driver's client can't be had
//	             without a pool and monitors of its own
//	smtp.go      SMTP: package net/smtp
package client

import (
	"context"
	"net/netip"
)

// Dialer opens connections. It is safe for concurrent use.
type Dialer interface {
	// Dial opens a connection and returns once the server would take a query;
	// the caller closes it. It comes from the address from, or from one of the
	// kernel's choice if that is the zero Addr. n is the connection's ordinal,
	// by which the dialer's databases are used in turn. Errors are for
	// Classify; when ctx is done the error is ctx's.
	Dial(ctx context.Context, from netip.Addr, n uint64) (Conn, error)
}

// Conn is one connection. It is for one goroutine at a time.
type Conn interface {
	// Exchange asks the protocol's trivial query and verifies the answer, which
	// no other exchange has; of mail it sends a message. Errors are for Classify; when ctx is done the error
	// is ctx's. After an error the connection is only good for Close.
	Exchange(ctx context.Context) error
	// Close ends the connection as the protocol wants it, or at once after an
	// error of Exchange. When it returns, nothing of the connection is left, no
	// goroutine either. It is called once.
	Close() error
}
