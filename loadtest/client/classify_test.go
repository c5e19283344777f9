package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/proxy-engine/proxy-engine/loadtest/measure"
)

// onSocket is how package net wraps the error of a system call.
func onSocket(err error) error {
	return fmt.Errorf("wrapped: %w", &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", err)})
}

func TestClassify(t *testing.T) {
	for name, c := range map[string]struct {
		err    error // as the library has it
		kind   measure.Failure
		answer string
	}{
		"refused":                 {onSocket(syscall.ECONNREFUSED), measure.Refused, ""},
		"reset":                   {onSocket(syscall.ECONNRESET), measure.Reset, ""},
		"broken pipe":             {onSocket(syscall.EPIPE), measure.Reset, ""},
		"out of ports":            {onSocket(syscall.EADDRNOTAVAIL), measure.NoPorts, ""},
		"out of descriptors":      {onSocket(syscall.EMFILE), measure.NoDescriptors, ""},
		"no route":                {onSocket(syscall.EHOSTUNREACH), measure.Unreachable, ""},
		"retransmissions in vain": {onSocket(syscall.ETIMEDOUT), measure.Late, ""},
		"end":                     {fmt.Errorf("wrapped: %w", io.EOF), measure.Ended, ""},
		"end within a message":    {fmt.Errorf("wrapped: %w", io.ErrUnexpectedEOF), measure.Ended, ""},
		"deadline of the context": {fmt.Errorf("wrapped: %w", context.DeadlineExceeded), measure.Late, ""},
		"deadline of the socket":  {&net.OpError{Op: "read", Net: "tcp", Err: os.ErrDeadlineExceeded}, measure.Late, ""},
		"cancelled":               {fmt.Errorf("wrapped: %w", context.Canceled), measure.Other, ""},
		"closed by us":            {&net.OpError{Op: "read", Net: "tcp", Err: net.ErrClosed}, measure.Other, ""},
		"used after an error":     {fmt.Errorf("wrapped: %w", pgconn.ErrConnClosed), measure.Other, ""},
		"rejected":                {fmt.Errorf("wrapped: %w", &pgconn.PgError{Code: "3D000"}), measure.Rejected, "SQLSTATE 3D000"},
		"rejected in joined ones": {errors.Join(errors.New("other"), &pgconn.PgError{Code: "53300"}), measure.Rejected, "SQLSTATE 53300"},
		"no SQLSTATE":             {&pgconn.PgError{Code: ""}, measure.Wrong, ""},
		"SQLSTATE too long":       {&pgconn.PgError{Code: "3D0000"}, measure.Wrong, ""},
		"SQLSTATE of other bytes": {&pgconn.PgError{Code: "3d0\n0"}, measure.Wrong, ""},
		"not understood":          {errors.New("unknown message type: x"), measure.Wrong, ""},
	} {
		t.Run(name, func(t *testing.T) {
			kind, answer := Classify(postgresError(c.err))
			if kind != c.kind || answer != c.answer {
				t.Errorf("%v is %v %q, want %v %q", c.err, kind, answer, c.kind, c.answer)
			}
		})
	}
}
