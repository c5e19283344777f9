package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/smtp"
	"net/textproto"
	"strings"

	"github.com/proxy-engine/proxy-engine/loadtest/secure"
)

// SMTPSettings are those of a mail server and its clients. Target, Hellos and
// Recipients are required.
type SMTPSettings struct {
	// Target is where to connect.
	Target netip.AddrPort
	// Hellos are the names that clients say hello with (EHLO), and Recipients the
	// addresses they send mail to, both in turn: the n-th connection says the n-th.
	Hellos, Recipients []string
	// Sender is the address mail comes from, empty for none.
	Sender string
	// Size is about how large each message is, in bytes.
	Size int
	// TLS is how the server is spoken to behind STARTTLS; nil in the clear.
	TLS *secure.Settings
	// Established, if set, is told what each handshake agreed on; by several
	// goroutines at once.
	Established func(secure.Terms)
}

func (s SMTPSettings) check() error {
	return errors.Join(
		problem(!s.Target.IsValid(), "no target"),
		problem(len(s.Hellos) == 0, "no name to say hello with"),
		problem(len(s.Recipients) == 0, "no recipient"),
	)
}

// SMTP is the Dialer of mail servers, through package net/smtp. An exchange is a
// message, which the server must take.
type SMTP struct {
	settings SMTPSettings
	tls      *tls.Config // nil in the clear
	message  []byte
}

var _ Dialer = (*SMTP)(nil)

// NewSMTP returns a Dialer.
func NewSMTP(s SMTPSettings) (*SMTP, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	d := &SMTP{settings: s, message: mail(s.Size)}
	var err error
	if s.TLS != nil {
		d.tls, err = s.TLS.Client(s.Target.Addr().String())
	}
	return d, err
}

// mail is a message of at least so many bytes, to the next line's end.
func mail(size int) []byte {
	const header, line = "Subject: load test\r\n\r\n", "a line of a load test's message, of ordinary length, without a dot\r\n"
	lines := (max(size-len(header), 1) + len(line) - 1) / len(line)
	return []byte(header + strings.Repeat(line, lines))
}

// Dial implements Dialer. The server has taken the client's hello, within TLS if
// that is wanted.
func (d *SMTP) Dial(ctx context.Context, from netip.Addr, n uint64) (Conn, error) {
	socket, err := dialTCP(ctx, from, d.settings.Target)
	if err != nil {
		return nil, err
	}
	c := &smtpConn{dialer: d, socket: socket, recipient: inTurn(d.settings.Recipients, n)}
	if err := c.within(ctx, func() error { return c.begin(inTurn(d.settings.Hellos, n)) }); err != nil {
		_ = socket.Close()
		return nil, err
	}
	return c, nil
}

func inTurn(of []string, n uint64) string { return of[n%uint64(len(of))] }

// smtpConn is a Conn of SMTP.
type smtpConn struct {
	dialer    *SMTP
	socket    net.Conn
	client    *smtp.Client
	recipient string
	failed    bool
}

// within runs what ends with ctx.
func (c *smtpConn) within(ctx context.Context, dialogue func() error) error {
	err := within(ctx, c.socket, dialogue)
	c.failed = err != nil
	return smtpError(err)
}

func (c *smtpConn) begin(hello string) error {
	var err error
	if c.client, err = smtp.NewClient(c.socket, c.dialer.settings.Target.Addr().String()); err != nil {
		return err
	}
	if err := c.client.Hello(hello); err != nil {
		return err
	}
	if c.dialer.tls == nil {
		return nil
	}
	return c.encrypt()
}

// encrypt turns to TLS and says hello again.
func (c *smtpConn) encrypt() error {
	if offered, _ := c.client.Extension("STARTTLS"); !offered {
		return &secure.HandshakeError{Err: errNoTLS}
	}
	err := c.client.StartTLS(c.dialer.tls)
	state, encrypted := c.client.TLSConnectionState()
	switch {
	case err != nil && encrypted && !state.HandshakeComplete:
		return &secure.HandshakeError{Err: err}
	case err != nil:
		return err
	}
	if told := c.dialer.settings.Established; told != nil {
		told(secure.TermsOf(state))
	}
	return nil
}

// Exchange implements Conn: it sends a message.
func (c *smtpConn) Exchange(ctx context.Context) error { return c.within(ctx, c.send) }

func (c *smtpConn) send() error {
	if err := c.client.Mail(c.dialer.settings.Sender); err != nil {
		return err
	}
	if err := c.client.Rcpt(c.recipient); err != nil {
		return err
	}
	w, err := c.client.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(c.dialer.message); err != nil {
		return err
	}
	return w.Close()
}

// Close implements Conn. A sound connection says QUIT.
func (c *smtpConn) Close() error {
	if c.failed {
		return c.socket.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), closingTime)
	defer cancel()
	err := c.within(ctx, c.client.Quit)
	if err != nil {
		_ = c.socket.Close()
	}
	return err
}

// smtpError makes an error of the library one for Classify: what the server
// says, what happened to the connection or to ctx, and else what the library
// says of bytes that it can't make sense of.
func smtpError(err error) error {
	var said *textproto.Error
	var network net.Error
	var handshake *secure.HandshakeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &said):
		return &rejection{answer: fmt.Sprintf("SMTP %d", said.Code), err: err}
	case errors.As(err, &handshake), errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	default:
		return wrong("%w", err)
	}
}
