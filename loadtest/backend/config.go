//go:build linux

package backend

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/poll"
)

// Config says what to serve and where.
type Config struct {
	Kind Kind
	// Addr is where to listen. The zero value means a free port on 127.0.0.1.
	// An unspecified address means all of 127.0.0.0/8 (or ::1 as well): every
	// address of the loopback device, and nothing that comes in from outside.
	Addr netip.AddrPort
	// AllowRemote permits addresses that are not on loopback, and lets an
	// unspecified one mean any.
	AllowRemote bool
	// Loops is the number of event loops, each with its own listener
	// (SO_REUSEPORT) and goroutine. At least one is run.
	Loops int
	// MaxConns is how many connections this process holds, in equal parts on
	// its loops: one that is full stops accepting until half of its own are
	// gone. Zero means as many as the descriptor limit leaves room for.
	MaxConns int
	// Successor is the command, with its arguments, of a process that serves
	// the same configuration with Inherit set. It is started a little before
	// this one is full; with none, connections beyond MaxConns wait.
	Successor []string
	// Inherit makes this process a successor: its listeners are the ones its
	// parent left it, one for each of Loops, and it takes over its standard
	// input, at whose end Serve ends.
	Inherit bool
	// Payload is the size in bytes of what HTTP answers with. Zero means
	// DefaultPayload.
	Payload int
	// TLS, if set, is how Echo is spoken to; the others speak none.
	TLS *tls.Config
	// Pace is how many bytes per second Slow echoes on each connection. Zero
	// means DefaultPace.
	Pace int
}

const (
	// DefaultPayload is Config.Payload unless it is set.
	DefaultPayload = 1 << 10
	// DefaultPace is Config.Pace unless it is set.
	DefaultPace = 10 << 10
)

// errNoTLS says that Config.TLS is set for a Kind that speaks none.
var errNoTLS = errors.New("only echo speaks TLS")

// ErrRemote says that an address is not on loopback and Config.AllowRemote is
// not set.
var ErrRemote = errors.New("not an address of the loopback device, and remote ones are not allowed")

const (
	// firstInherited is where os/exec puts the first of ExtraFiles.
	firstInherited = 3
	// Descriptors kept for everything but connections: the runtime's own, and
	// what it takes to start a successor.
	spareDescriptors = 64
	// Each loop has its epoll instance, its listener, and a copy of the
	// listener while a successor is started.
	descriptorsPerLoop = 3
)

// loopback is any free port of 127.0.0.1.
func loopback() netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0)
}

// complete checks c and fills in what it leaves open.
func (c Config) complete() (Config, error) {
	if !c.Addr.IsValid() {
		c.Addr = loopback()
	}
	c.Addr = netip.AddrPortFrom(c.Addr.Addr().Unmap(), c.Addr.Port())
	if at := c.Addr.Addr(); !at.IsLoopback() && !at.IsUnspecified() && !c.AllowRemote {
		return c, fmt.Errorf("listening on %s: %w", c.Addr, ErrRemote)
	}
	if c.TLS != nil && c.Kind != Echo {
		return c, errNoTLS
	}
	c.Loops = max(c.Loops, 1)
	c.Payload = orDefault(c.Payload, DefaultPayload)
	c.Pace = orDefault(c.Pace, DefaultPace)
	if c.MaxConns > 0 {
		return c, nil
	}
	var err error
	c.MaxConns, err = roomFor(c.Loops)
	return c, err
}

func orDefault(value, standard int) int {
	if value <= 0 {
		return standard
	}
	return value
}

// roomFor is how many connections this process has descriptors for. The Go
// runtime has raised the limit as far as it may be raised.
func roomFor(loops int) (int, error) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("reading the descriptor limit: %w", err)
	}
	room := int(min(limit.Cur, 1<<30)) - spareDescriptors - descriptorsPerLoop*loops
	if room <= 0 {
		return 0, fmt.Errorf("this process may open %d descriptors: too few to serve on %d loops", limit.Cur, loops)
	}
	return room, nil
}

// listener opens the listener of the i-th loop, or takes over the one the
// parent left for it.
func (c Config) listener(i int, at netip.AddrPort) (int, netip.AddrPort, error) {
	if c.Inherit {
		bound, err := poll.Inherited(firstInherited + i)
		return firstInherited + i, bound, err
	}
	return poll.ListenOn(at, c.device())
}

// device is the network device that the listeners are bound to, if any.
func (c Config) device() string {
	if c.Addr.Addr().IsUnspecified() && !c.AllowRemote {
		return "lo"
	}
	return ""
}
