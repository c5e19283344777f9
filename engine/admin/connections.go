package admin

import (
	"net"
	"sync"
)

// crowdless is a listener that closes connections at once while there are maxConnections.
type crowdless struct {
	net.Listener
	places chan struct{}
}

func newCrowdless(ln net.Listener) *crowdless {
	return &crowdless{ln, make(chan struct{}, maxConnections)}
}

// Accept implements net.Listener.
func (l *crowdless) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case l.places <- struct{}{}:
			return &placed{Conn: c, leave: sync.OnceFunc(func() { <-l.places })}, nil
		default:
			_ = c.Close()
		}
	}
}

// placed is a connection that has a place.
type placed struct {
	net.Conn
	leave func()
}

// Close implements net.Conn.
func (c *placed) Close() error {
	err := c.Conn.Close()
	c.leave()
	return err
}
