package engine

import (
	"maps"
	"net"
	"net/netip"
	"os"
	"strings"

	"github.com/proxy-engine/proxy-engine/engine/reactor"
)

// listening is a set of listeners that is ready to take the place of the present
// one: what is new of it is open. Exactly one of commit and abort must be called.
type listening struct {
	// addrs are the addresses bound to, by listener.
	addrs map[string]netip.AddrPort
	// commit has sockets whose address stays serve the new listeners, and closes those
	// that nobody wants any more. Sessions go on with the listener they began with.
	commit func()
	// abort closes what is new.
	abort func()
}

// and joins two drivers' parts.
func (l *listening) and(other *listening) *listening {
	addrs := make(map[string]netip.AddrPort, len(l.addrs)+len(other.addrs))
	maps.Copy(addrs, l.addrs)
	maps.Copy(addrs, other.addrs)
	return &listening{
		addrs:  addrs,
		commit: func() { l.commit(); other.commit() },
		abort:  func() { l.abort(); other.abort() },
	}
}

// socketKey is the same for listeners that may use the same socket, one after the
// other. Those that take any port have sockets of their own.
func (l *Listener) socketKey() string {
	if strings.HasSuffix(l.Address, ":0") {
		return l.Name + "@" + l.Address
	}
	return l.Address
}

// overlap says that a socket at one of the addresses takes connections to the other, and
// so is in the way of one there.
func overlap(a, b netip.AddrPort) bool {
	return a.Port() != 0 && a.Port() == b.Port() && (a.Addr() == b.Addr() || covers(a.Addr(), b.Addr()) || covers(b.Addr(), a.Addr()))
}

// covers says that all is every address of one's family, or of both.
func covers(all, one netip.Addr) bool { return all.IsUnspecified() && (all.Is6() || one.Is4()) }

// inheritance are listening sockets that were opened before the engine was
// (Config.Sockets).
type inheritance []*inherited

type inherited struct {
	file  *os.File
	addr  netip.AddrPort
	taken bool
}

// inherit looks at files.
func inherit(files []*os.File) (inheritance, error) {
	var all inheritance
	for _, f := range files {
		ln, err := net.FileListener(f)
		if err != nil {
			return nil, err
		}
		tcp, isTCP := ln.Addr().(*net.TCPAddr)
		_ = ln.Close() // a duplicate
		if !isTCP {
			return nil, &net.OpError{Op: "listen", Net: ln.Addr().Network(), Addr: ln.Addr(), Err: net.UnknownNetworkError(ln.Addr().Network())}
		}
		all = append(all, &inherited{file: f, addr: addrPortOf(tcp)})
	}
	return all, nil
}

// of returns those that a listener at the address accepts from, none if it has to
// open its own.
func (s inheritance) of(l *Listener, addr netip.AddrPort) []*os.File {
	var files []*os.File
	for _, one := range s {
		if one.serves(l, addr) {
			one.taken = true
			files = append(files, one.file)
		}
	}
	return files
}

// serves says that clients of the listener come to the socket. One that is bound to
// every address of both families does for every address of IPv4.
func (s *inherited) serves(l *Listener, addr netip.AddrPort) bool {
	switch {
	case addr.Port() == 0:
		return s.file.Name() == l.Name && s.addr.Addr() == addr.Addr()
	case s.addr.Port() != addr.Port():
		return false
	}
	return s.addr.Addr() == addr.Addr() || s.addr.Addr() == netip.IPv6Unspecified() && addr.Addr() == netip.IPv4Unspecified()
}

// listenOptions are those of sockets that a listener's clients come to.
func (c *Config) listenOptions(l *Listener) reactor.ListenOptions {
	o := c.Listen
	if !l.Front.ClientFirst {
		o.DeferAccept = 0
	}
	return o
}

// idle returns the addresses of those that nobody has taken.
func (s inheritance) idle() (all []netip.AddrPort) {
	for _, one := range s {
		if !one.taken {
			all = append(all, one.addr)
		}
	}
	return all
}

func closeFiles(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}
