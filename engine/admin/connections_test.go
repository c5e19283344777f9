package admin

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// Whoever comes, with a token or without, the descriptors stay the proxy's.
func TestConnectionsAreBounded(t *testing.T) {
	s := start(t, engine.Goroutine, func(o *Options) { o.Token = "secret" })
	var all []net.Conn
	dial := func() net.Conn {
		c, err := net.Dial("tcp", s.admin.Addr().String())
		enginetest.Must(t, err)
		_, err = io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
		enginetest.Must(t, err)
		return c
	}
	for range maxConnections {
		c := dial()
		defer c.Close()
		all = append(all, c)
		_, err := c.Read(make([]byte, 1))
		enginetest.Must(t, err)
	}
	c := dial()
	defer c.Close()
	enginetest.Must(t, c.SetReadDeadline(time.Now().Add(time.Minute)))
	if n, err := c.Read(make([]byte, 1)); err == nil {
		t.Errorf("%d bytes", n)
	}
	_ = all[0].Close()
	enginetest.Eventually(t, "there is room again", func() bool {
		c := dial()
		defer c.Close()
		_, err := c.Read(make([]byte, 1))
		return err == nil
	})
}
