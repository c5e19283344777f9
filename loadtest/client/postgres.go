package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/proxy-engine/proxy-engine/loadtest/secure"
)

// PostgresSettings are those of a PostgreSQL server and its clients. Target,
// User and Databases are required.
type PostgresSettings struct {
	// Target is where to connect.
	Target netip.AddrPort
	// User and Password are what clients log in with.
	User, Password string
	// Databases are used in turn: the n-th connection asks for the n-th.
	Databases []string
	// TLS is how the server is spoken to; nil in the clear.
	TLS *secure.Settings
	// Negotiation is how it comes to that; of no meaning in the clear.
	Negotiation Negotiation
	// Established, if set, is told what each handshake agreed on; by several
	// goroutines at once.
	Established func(secure.Terms)
}

func (s PostgresSettings) check() error {
	return errors.Join(
		problem(!s.Target.IsValid(), "no target"),
		problem(s.User == "", "no user"),
		problem(len(s.Databases) == 0, "no database"),
	)
}

// Postgres is the Dialer of PostgreSQL, through pgx's pgconn, which knows the
// protocol and no types. What it takes for its connection is TLS already, if
// that is wanted.
type Postgres struct {
	base     pgconn.Config // never changed once made
	settings PostgresSettings
	tls      *tls.Config // nil in the clear
}

var _ Dialer = (*Postgres)(nil)

// plainPostgres names every setting that the library would otherwise take from
// the PG variables of the environment or from files. Those with the value x are
// replaced. What is left is PGSERVICE, which fails if there is no such service.
const plainPostgres = "host=x port=1 user=x password=x dbname=x connect_timeout=0 sslmode=disable sslnegotiation=postgres " +
	"sslcert='' sslkey='' sslrootcert='' sslcertmode=disable target_session_attrs=any min_protocol_version=3.0 max_protocol_version=3.0 channel_binding=disable require_auth=''"

// maxPostgresMessage is the longest message that is read, in bytes. Answers and
// refusals are far shorter.
const maxPostgresMessage = 64 << 10

// NewPostgres returns a Dialer. All that a connection needs is worked out here,
// once: Dial reads no file and no environment, and looks no name up.
func NewPostgres(s PostgresSettings) (*Postgres, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	base, err := pgconn.ParseConfig(plainPostgres)
	if err != nil {
		return nil, err
	}
	base.Host, base.Port = s.Target.Addr().String(), s.Target.Port()
	base.User, base.Password = s.User, s.Password
	base.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil }
	base.RuntimeParams = map[string]string{"application_name": "loadtest"}
	base.MaxProtocolMessageBodyLen = maxPostgresMessage
	p := &Postgres{base: *base, settings: s}
	if s.TLS != nil {
		p.tls, err = s.TLS.Client(s.Target.Addr().String(), postgresALPN)
	}
	return p, err
}

// Dial implements Dialer. The connection has shown its password and the server
// is ready for a query.
func (p *Postgres) Dial(ctx context.Context, from netip.Addr, n uint64) (Conn, error) {
	config := p.base
	config.Database = p.settings.Databases[n%uint64(len(p.settings.Databases))]
	config.DialFunc = dialOnce(func(ctx context.Context) (net.Conn, error) { return p.open(ctx, from) })
	conn, err := pgconn.ConnectConfig(ctx, &config)
	if err != nil {
		return nil, postgresError(err)
	}
	return &postgresConn{conn: conn, tag: rand.Int64()}, nil
}

// open returns a connection that the protocol may begin on.
func (p *Postgres) open(ctx context.Context, from netip.Addr) (net.Conn, error) {
	conn, err := dialTCP(ctx, from, p.settings.Target)
	if err != nil || p.tls == nil {
		return conn, err
	}
	encrypted, err := encrypt(ctx, conn, p.settings.Negotiation, p.tls)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	if told := p.settings.Established; told != nil {
		told(secure.TermsOf(encrypted.ConnectionState()))
	}
	return encrypted, nil
}

// errDialed is what the library gets when it dials a second time.
var errDialed = errors.New("dialled already")

// dialOnce dials the first time only. The library dials again when a connection
// fails, to cancel what the server may still be doing for it: load nobody has
// asked for, on a server that has just failed.
func dialOnce(dial func(context.Context) (net.Conn, error)) pgconn.DialFunc {
	dialled := false // dialling again happens after the first time has returned
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		if dialled {
			return nil, errDialed
		}
		dialled = true
		return dial(ctx)
	}
}

// postgresConn is a Conn of Postgres.
type postgresConn struct {
	conn *pgconn.PgConn
	// tag is what the last exchange asked for. It starts anywhere, so that no
	// two connections ask for the same, of other processes neither.
	tag int64
	// text is the tag in digits, and the query's only parameter.
	text [1][]byte
}

// postgresQuery has its parameter for an answer.
const postgresQuery = "select $1::int8"

// Exchange implements Conn. The query is an unnamed statement, all of whose
// messages go in one write, so that it works through every pooler. (As a simple
// query it would cost less, but there pgconn forgets why a connection ended.)
func (c *postgresConn) Exchange(ctx context.Context) error {
	c.tag = (c.tag + 1) & math.MaxInt64
	c.text[0] = strconv.AppendInt(c.text[0][:0], c.tag, 10)
	result := c.conn.ExecParams(ctx, postgresQuery, c.text[:], nil, nil, nil)
	rows, err := c.readRows(result)
	if err != nil {
		return err
	}
	if _, err := result.Close(); err != nil {
		return postgresError(err)
	}
	if rows == 0 {
		return wrong("no row, want %d", c.tag)
	}
	return nil
}

// readRows returns how many rows there were, which should be one of one value,
// the tag. At the first that is wrong it stops. What else ends them, closing
// the result tells.
func (c *postgresConn) readRows(result *pgconn.ResultReader) (rows int, err error) {
	for ; result.NextRow(); rows++ {
		row, columns := result.Values(), len(result.FieldDescriptions())
		if rows > 0 || columns != 1 || len(row) != 1 || !bytes.Equal(row[0], c.text[0]) {
			return rows, wrong("row %d of %d columns is %q, want one row of one: %d", rows+1, columns, row, c.tag)
		}
	}
	return rows, nil
}

// closingTime is how long the last message may take to be sent. It always fits
// the socket, unless an exchange has failed.
const closingTime = time.Second

// Close implements Conn. A sound connection says Terminate.
func (c *postgresConn) Close() error {
	if c.conn.IsClosed() {
		// The library ends it on a goroutine, and would wait for the server
		// to do the same.
		_ = c.conn.Conn().Close()
		<-c.conn.CleanupDone()
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), closingTime)
	defer cancel()
	return c.conn.Close(ctx)
}

// postgresError makes an error of the library one for Classify: what the server
// says, what happened to the connection or to ctx, and else what the library
// says of bytes that it can't make sense of.
func postgresError(err error) error {
	var said *pgconn.PgError
	var network net.Error
	var handshake *secure.HandshakeError
	switch {
	case errors.As(err, &said):
		return postgresAnswer(said, err)
	case errors.As(err, &handshake), errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, context.Canceled), errors.Is(err, pgconn.ErrConnClosed):
		return err
	default:
		return wrong("%w", err)
	}
}

func postgresAnswer(said *pgconn.PgError, err error) error {
	if !isSQLState(said.Code) {
		return wrong("an ErrorResponse with SQLSTATE %q", said.Code)
	}
	return &rejection{answer: fmt.Sprintf("SQLSTATE %s", said.Code), err: err}
}

// isSQLState tells five digits and capital letters. What isn't comes from no
// PostgreSQL and could be of any length.
func isSQLState(code string) bool {
	for _, c := range []byte(code) {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return len(code) == 5
}
