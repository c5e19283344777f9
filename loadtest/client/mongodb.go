package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/opmsg"
	"github.com/proxy-engine/proxy-engine/loadtest/secure"
)

// MongoDBCommand is what MongoDB's clients ask.
type MongoDBCommand uint8

// The commands.
const (
	// Ping asks nothing of the server but an answer.
	Ping MongoDBCommand = iota
	// Find looks for one document of the collection loadtest by its _id. It
	// needn't be there.
	Find

	mongoDBCommands
)

// String returns the name on the command line.
func (c MongoDBCommand) String() string {
	switch c {
	case Ping:
		return "ping"
	case Find:
		return "find"
	default:
		return fmt.Sprintf("MongoDBCommand(%d)", uint8(c))
	}
}

// ParseMongoDBCommand returns the command of that name.
func ParseMongoDBCommand(name string) (MongoDBCommand, error) {
	for c := range mongoDBCommands {
		if c.String() == name {
			return c, nil
		}
	}
	return 0, fmt.Errorf("no command %q; there are %v and %v", name, Ping, Find)
}

// MongoDBSettings are those of a MongoDB server and its clients, who don't log
// in. Target and Databases are required.
type MongoDBSettings struct {
	// Target is where to connect.
	Target netip.AddrPort
	// Databases are used in turn: the n-th connection asks the n-th.
	Databases []string
	// Command is what is asked.
	Command MongoDBCommand
	// TLS is how the server is spoken to, from the first byte; nil in the clear.
	TLS *secure.Settings
	// Established, if set, is told what each handshake agreed on; by several
	// goroutines at once.
	Established func(secure.Terms)
}

func (s MongoDBSettings) check() error {
	return errors.Join(
		problem(!s.Target.IsValid(), "no target"),
		problem(len(s.Databases) == 0, "no database"),
	)
}

// MongoDB is the Dialer of MongoDB. A connection is what one of a driver's pool
// is, without the monitors that a driver has besides.
type MongoDB struct {
	settings MongoDBSettings
	tls      *tls.Config // nil in the clear
}

var _ Dialer = (*MongoDB)(nil)

// NewMongoDB returns a Dialer.
func NewMongoDB(s MongoDBSettings) (*MongoDB, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	d := &MongoDB{settings: s}
	var err error
	if s.TLS != nil {
		d.tls, err = s.TLS.Client(s.Target.Addr().String())
	}
	return d, err
}

// Dial implements Dialer. The server has answered the client's hello.
func (d *MongoDB) Dial(ctx context.Context, from netip.Addr, n uint64) (Conn, error) {
	socket, err := d.open(ctx, from)
	if err != nil {
		return nil, err
	}
	c := &mongoDBConn{socket: socket, replies: opmsg.NewReader(socket), command: d.settings.Command, id: rand.Int32(), key: rand.Int64()}
	c.database = inTurn(d.settings.Databases, n)
	c.namespace = c.database + "." + mongoDBCollection
	if err := within(ctx, socket, c.greet); err != nil {
		_ = socket.Close()
		return nil, mongoDBError(err)
	}
	return c, nil
}

// open returns a connection that the protocol may begin on.
func (d *MongoDB) open(ctx context.Context, from netip.Addr) (net.Conn, error) {
	conn, err := dialTCP(ctx, from, d.settings.Target)
	if err != nil || d.tls == nil {
		return conn, err
	}
	encrypted, err := encrypt(ctx, conn, Direct, d.tls)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	if told := d.settings.Established; told != nil {
		told(secure.TermsOf(encrypted.ConnectionState()))
	}
	return encrypted, nil
}

// mongoDBCollection is where Find looks.
const mongoDBCollection = "loadtest"

// mongoDBConn is a Conn of MongoDB.
type mongoDBConn struct {
	socket              net.Conn
	replies             *opmsg.Reader
	command             MongoDBCommand
	database, namespace string
	// id is the last request's. It starts anywhere, and so does key, which Find
	// looked for last: no two connections ask for the same.
	id      int32
	key     int64
	message []byte // of the last request
}

// greet says hello as drivers do, which on a proxy says nothing of where the
// client wants to go.
func (c *mongoDBConn) greet() error {
	reply, err := c.ask(c.next().Int32("hello", 1), "admin")
	if err == nil && reply.Namespace != "" {
		err = wrong("hello is answered with a cursor of %q", reply.Namespace)
	}
	return err
}

// next begins a request.
func (c *mongoDBConn) next() *opmsg.Command {
	c.id++
	return opmsg.NewCommand(c.message, c.id)
}

// ask sends a request and returns the reply to it, which says that it was done.
func (c *mongoDBConn) ask(request *opmsg.Command, database string) (opmsg.Reply, error) {
	c.message = request.Message(database)
	if _, err := c.socket.Write(c.message); err != nil {
		return opmsg.Reply{}, err
	}
	reply, err := c.replies.Read()
	switch {
	case err != nil:
		return reply, err
	case reply.To != c.id:
		return reply, wrong("an answer to request %d, want %d", reply.To, c.id)
	case !reply.OK:
		answer := fmt.Sprintf("MongoDB error %d", reply.Code)
		return reply, &rejection{answer: answer, err: errors.New(answer)}
	}
	return reply, nil
}

// Exchange implements Conn.
func (c *mongoDBConn) Exchange(ctx context.Context) error {
	exchange := c.ping
	if c.command == Find {
		exchange = c.find
	}
	return mongoDBError(within(ctx, c.socket, exchange))
}

func (c *mongoDBConn) ping() error {
	_, err := c.ask(c.next().Int32("ping", 1), c.database)
	return err
}

// find checks that the answer is of the right database.
func (c *mongoDBConn) find() error {
	c.key++
	request := c.next().Text("find", mongoDBCollection).Document("filter", func(filter *opmsg.Command) { filter.Int64("_id", c.key) })
	reply, err := c.ask(request.Int32("limit", 1), c.database)
	if err == nil && reply.Namespace != c.namespace {
		err = wrong("an answer of %q, want %q", reply.Namespace, c.namespace)
	}
	return err
}

// Close implements Conn. The protocol has no word for it.
func (c *mongoDBConn) Close() error { return c.socket.Close() }

// mongoDBError makes an error of the dialogue one for Classify.
func mongoDBError(err error) error {
	if errors.Is(err, opmsg.ErrMalformed) {
		return wrong("%w", err)
	}
	return err
}
