//go:build linux

package main

import (
	"context"
	"flag"
	"os"
	"strings"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest"
	"github.com/proxy-engine/proxy-engine/loadtest/client"
	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// generator is a mode of package loadtest with its settings.
type generator interface {
	Run(context.Context) (*report.Report, error)
}

// mode is one subcommand that generates load. define adds its flags and
// returns what makes the generator once they are parsed.
type mode struct {
	name, help string
	define     func(*flag.FlagSet) func(loadtest.Common) (generator, error)
}

func modes() []mode {
	return []mode{
		{"hold", "hold many sessions open: memory per session", defineHold},
		{"rr", "requests and responses: rate, latency, CPU per operation", defineRR},
		{"rate", "connect, exchange, close: connections per second", defineRate},
		{"bulk", "few connections at full speed: GB/s, contents verified", defineBulk},
		{"http", "HTTP requests over standing or new connections", defineHTTP},
		{"pg", "PostgreSQL queries over standing or new connections", definePostgres},
		{"mysql", "MySQL queries over standing or new connections", defineMySQL},
		{"mongodb", "MongoDB commands over standing or new connections", defineMongoDB},
		{"smtp", "mail over standing or new connections: messages per second", defineSMTP},
	}
}

func defineHold(f *flag.FlagSet) func(loadtest.Common) (generator, error) {
	sessions := f.Int("sessions", 1000, "sessions to hold")
	ramp := f.Int("ramp", 2000, "sessions opened per second")
	hold := f.Duration("hold", 5*time.Second, "how long they stay idle")
	payload := bytesFlag(f, "payload", 64, "`BYTES` each way of the exchange on each session")
	touch := bytesFlag(f, "touch", 0, "`BYTES` moved each way on each session before that")
	again := f.Duration("touch-every", 0, "move so many again on each session, so often while they are held; 0: leave them idle")
	return func(c loadtest.Common) (generator, error) {
		return loadtest.Hold{
			Common: c, Sessions: *sessions, Ramp: *ramp, Touch: int(*touch), Payload: int(*payload), Hold: *hold,
			TouchEvery: *again,
		}, nil
	}
}

func defineRR(f *flag.FlagSet) func(loadtest.Common) (generator, error) {
	exchanges := defineExchanges(f)
	payload := bytesFlag(f, "payload", 1024, "`BYTES` each way per exchange")
	return func(c loadtest.Common) (generator, error) {
		return loadtest.RR{Exchanges: exchanges(c), Payload: int(*payload)}, nil
	}
}

func defineRate(f *flag.FlagSet) func(loadtest.Common) (generator, error) {
	exchanges := defineExchanges(f)
	payload := bytesFlag(f, "payload", 64, "`BYTES` each way per exchange")
	return func(c loadtest.Common) (generator, error) {
		return loadtest.Rate{Exchanges: exchanges(c), Payload: int(*payload)}, nil
	}
}

// defineExchanges adds the flags of all modes that make one exchange after the
// other.
func defineExchanges(f *flag.FlagSet) func(loadtest.Common) loadtest.Exchanges {
	conns := f.Int("conns", 50, "connections at the same time")
	rate := f.Float64("rate", 0, "exchanges begun per second, whether or not earlier ones are done (open loop); 0: each when the last is done (closed loop)")
	warmUp := f.Duration("warm-up", 500*time.Millisecond, "time before the measured part")
	duration := f.Duration("duration", 5*time.Second, "measured time")
	return func(c loadtest.Common) loadtest.Exchanges {
		return loadtest.Exchanges{Common: c, Conns: *conns, Arrivals: *rate, WarmUp: *warmUp, Duration: *duration}
	}
}

func defineBulk(f *flag.FlagSet) func(loadtest.Common) (generator, error) {
	conns := f.Int("conns", 1, "connections")
	duration := f.Duration("duration", 5*time.Second, "how long to send")
	name := f.String("direction", "download", "download or both (flood backend), upload (sink backend)")
	return func(c loadtest.Common) (generator, error) {
		direction, err := loadtest.ParseDirection(*name)
		return loadtest.Bulk{Common: c, Conns: *conns, Direction: direction, Duration: *duration}, err
	}
}

func defineHTTP(f *flag.FlagSet) func(loadtest.Common) (generator, error) {
	exchanges := defineExchanges(f)
	renew := f.Bool("new-connections", false, "a new connection for each request")
	host := f.String("host", "", "Host header; the target if empty")
	path := f.String("path", "/", "path to ask for")
	payload := bytesFlag(f, "payload", 1024, "`BYTES` each answer's body must have (as told to the http backend)")
	checks := f.String("check", "tag", "tag: answers must repeat the request's tag, as the http backend's do; status: any below 400 will do")
	return func(c loadtest.Common) (generator, error) {
		check, err := loadtest.ParseHTTPCheck(*checks)
		return loadtest.HTTP{
			Exchanges: exchanges(c), Host: *host, Path: *path, Payload: int(*payload), Check: check, NewConnections: *renew,
		}, err
	}
}

func definePostgres(f *flag.FlagSet) func(loadtest.Common) (generator, error) {
	exchanges := defineExchanges(f)
	renew := f.Bool("new-connections", false, "a new connection for each query: handshake, query, end")
	user := f.String("user", "postgres", "user; the password is taken from PGPASSWORD")
	databases := f.String("database", "postgres", "databases, separated by commas, which the connections use in turn")
	negotiations := f.String("tls-negotiation", "postgres", "how to come to speak TLS, `NAME` postgres (SSLRequest) or direct (PostgreSQL 17)")
	return func(c loadtest.Common) (generator, error) {
		negotiation, err := client.ParseNegotiation(*negotiations)
		return loadtest.Postgres{
			Exchanges: exchanges(c), User: *user, Password: os.Getenv("PGPASSWORD"),
			Databases: strings.Split(*databases, ","), NewConnections: *renew, Negotiation: negotiation,
		}, err
	}
}

func defineMySQL(f *flag.FlagSet) func(loadtest.Common) (generator, error) {
	exchanges := defineExchanges(f)
	renew := f.Bool("new-connections", false, "a new connection for each query: handshake, query, end")
	user := f.String("user", "root", "user; the password is taken from MYSQL_PWD")
	databases := f.String("database", "mysql", "databases, separated by commas, which the connections use in turn")
	return func(c loadtest.Common) (generator, error) {
		return loadtest.MySQL{
			Exchanges: exchanges(c), User: *user, Password: os.Getenv("MYSQL_PWD"),
			Databases: strings.Split(*databases, ","), NewConnections: *renew,
		}, nil
	}
}

func defineMongoDB(f *flag.FlagSet) func(loadtest.Common) (generator, error) {
	exchanges := defineExchanges(f)
	renew := f.Bool("new-connections", false, "a new connection for each command: hello, command, end")
	databases := f.String("database", "test", "databases, separated by commas, which the connections use in turn")
	commands := f.String("command", "ping", "`NAME` of the command: ping, or find (one document of the collection loadtest)")
	return func(c loadtest.Common) (generator, error) {
		command, err := client.ParseMongoDBCommand(*commands)
		return loadtest.MongoDB{
			Exchanges: exchanges(c), Databases: strings.Split(*databases, ","), Command: command, NewConnections: *renew,
		}, err
	}
}

func defineSMTP(f *flag.FlagSet) func(loadtest.Common) (generator, error) {
	exchanges := defineExchanges(f)
	renew := f.Bool("new-connections", false, "a new connection for each message: hello, message, QUIT")
	hellos := f.String("ehlo", "client.example", "names to say hello with, separated by commas, which the connections use in turn")
	recipients := f.String("recipient", "user@backend.example", "addresses to send mail to, separated by commas, which the connections use in turn")
	sender := f.String("sender", "sender@client.example", "address that mail comes from")
	size := bytesFlag(f, "size", 4096, "`BYTES` of each message")
	return func(c loadtest.Common) (generator, error) {
		return loadtest.SMTP{
			Exchanges: exchanges(c), Hellos: strings.Split(*hellos, ","), Recipients: strings.Split(*recipients, ","),
			Sender: *sender, Size: int(*size), NewConnections: *renew,
		}, nil
	}
}

func bytesFlag(f *flag.FlagSet, name string, value byteCount, usage string) *byteCount {
	f.Var(&value, name, usage)
	return &value
}
