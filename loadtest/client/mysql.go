package client

import (
	"context"
	"crypto/tls"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"

	"github.com/go-sql-driver/mysql"

	"github.com/proxy-engine/proxy-engine/loadtest/secure"
)

// MySQLSettings are those of a MySQL or MariaDB server and its clients. Target,
// User and Databases are required.
type MySQLSettings struct {
	// Target is where to connect.
	Target netip.AddrPort
	// User and Password are what clients log in with.
	User, Password string
	// Databases are used in turn: the n-th connection asks for the n-th.
	Databases []string
	// TLS is how the server is spoken to behind SSLRequest; nil in the clear.
	TLS *secure.Settings
	// Established, if set, is told what each handshake agreed on; by several
	// goroutines at once.
	Established func(secure.Terms)
}

func (s MySQLSettings) check() error {
	return errors.Join(
		problem(!s.Target.IsValid(), "no target"),
		problem(s.User == "", "no user"),
		problem(len(s.Databases) == 0, "no database"),
	)
}

// MySQL is the Dialer of MySQL and MariaDB, through go-sql-driver's connections,
// without database/sql's pool. The library has a goroutine for each of them,
// which ends a moment after Close.
type MySQL struct {
	settings MySQLSettings
	tls      *tls.Config // nil in the clear
}

var _ Dialer = (*MySQL)(nil)

// NewMySQL returns a Dialer.
func NewMySQL(s MySQLSettings) (*MySQL, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	d := &MySQL{settings: s}
	if s.TLS == nil {
		return d, nil
	}
	config, err := s.TLS.Client(s.Target.Addr().String())
	if err != nil {
		return nil, err
	}
	d.tls = config.Clone()
	d.tls.VerifyConnection = func(state tls.ConnectionState) error {
		if config.VerifyConnection != nil {
			if err := config.VerifyConnection(state); err != nil {
				return err
			}
		}
		if s.Established != nil {
			s.Established(secure.TermsOf(state))
		}
		return nil
	}
	return d, nil
}

// Dial implements Dialer. The server has taken the client's password.
func (d *MySQL) Dial(ctx context.Context, from netip.Addr, n uint64) (Conn, error) {
	var seen *witness
	config := d.config()
	config.DBName = inTurn(d.settings.Databases, n)
	config.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) {
		socket, err := dialTCP(ctx, from, d.settings.Target)
		seen = &witness{Conn: socket}
		return seen, err
	}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, err
	}
	conn, err := connector.Connect(ctx)
	if err != nil {
		return nil, mysqlError(err, seen)
	}
	return &mysqlConn{conn: conn, seen: seen, tag: rand.Int64()}, nil
}

// config names what all connections have in common. The defaults ask the server
// nothing.
func (d *MySQL) config() *mysql.Config {
	config := mysql.NewConfig()
	config.Net, config.Addr = "tcp", d.settings.Target.String()
	config.User, config.Passwd = d.settings.User, d.settings.Password
	config.TLS = d.tls
	config.Logger = &mysql.NopLogger{}
	config.CheckConnLiveness = false // a look at the socket that is no use to one that isn't pooled
	return config
}

// witness remembers what ended a connection, which the library doesn't tell.
type witness struct {
	net.Conn
	err error // the caller's goroutine's, as all reads and writes
}

// Read implements io.Reader.
func (w *witness) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	w.note(err)
	return n, err
}

// Write implements io.Writer.
func (w *witness) Write(b []byte) (int, error) {
	n, err := w.Conn.Write(b)
	w.note(err)
	return n, err
}

func (w *witness) note(err error) {
	if w.err == nil {
		w.err = err
	}
}

// mysqlConn is a Conn of MySQL.
type mysqlConn struct {
	conn driver.Conn
	seen *witness
	// tag is what the last exchange asked for. It starts anywhere, so that no
	// two connections ask for the same, of other processes neither.
	tag    int64
	failed bool
}

// Exchange implements Conn. The query is a COM_QUERY with its answer in it.
func (c *mysqlConn) Exchange(ctx context.Context) error {
	c.tag = (c.tag + 1) & math.MaxInt64
	rows, err := c.conn.(driver.QueryerContext).QueryContext(ctx, "select "+strconv.FormatInt(c.tag, 10), nil)
	if err == nil {
		err = errors.Join(c.check(rows), rows.Close())
	}
	if err == nil {
		return nil
	}
	c.failed = true
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return mysqlError(err, c.seen)
}

// check wants one row of one value, the tag.
func (c *mysqlConn) check(rows driver.Rows) error {
	if n := len(rows.Columns()); n != 1 {
		return wrong("%d columns, want one", n)
	}
	var row [1]driver.Value
	if err := rows.Next(row[:]); errors.Is(err, io.EOF) {
		return wrong("no row, want %d", c.tag)
	} else if err != nil {
		return err
	}
	if got := text(row[0]); got != strconv.FormatInt(c.tag, 10) {
		return wrong("the row is %.40q, want %d", got, c.tag)
	}
	if err := rows.Next(row[:]); !errors.Is(err, io.EOF) {
		return errors.Join(wrong("more than one row"), err)
	}
	return nil
}

// text is a value as the server sent it; the library reads numbers.
func text(v driver.Value) string {
	if b, raw := v.([]byte); raw {
		return string(b)
	}
	return fmt.Sprint(v)
}

// Close implements Conn. A sound connection says COM_QUIT.
func (c *mysqlConn) Close() error {
	if c.failed {
		_ = c.seen.Conn.Close() // no last words
		_ = c.conn.Close()
		return nil
	}
	return c.conn.Close()
}

// mysqlError makes an error of the library one for Classify: what the server
// says, what happened to the connection or to ctx, and else what the library
// says of bytes that it can't make sense of. seen is nil if there is no
// connection.
func mysqlError(err error, seen *witness) error {
	var said *mysql.MySQLError
	var network net.Error
	switch {
	case errors.As(err, &said):
		return &rejection{answer: fmt.Sprintf("MySQL %d", said.Number), err: err}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, errWrong):
		return err
	case errors.Is(err, mysql.ErrNoTLS):
		return &secure.HandshakeError{Err: errNoTLS}
	case isHandshake(err):
		return &secure.HandshakeError{Err: err}
	case isOfTLS(err):
		return err
	case seen != nil && seen.err != nil:
		return seen.err
	case errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return err
	default:
		return wrong("%w", err)
	}
}

// isHandshake tells what a client says that doesn't like the server's TLS.
func isHandshake(err error) bool {
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	_, record := errors.AsType[tls.RecordHeaderError](err)
	_, alert := errors.AsType[tls.AlertError](err)
	return certificate || record || alert
}
