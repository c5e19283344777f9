package tlstest

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
)

// ending is a connection that remembers whether its end has been read.
type ending struct {
	net.Conn
	ended bool
}

func (e *ending) Read(b []byte) (int, error) {
	n, err := e.Conn.Read(b)
	e.ended = e.ended || err != nil
	return n, err
}

// A response that lasts until the end of the connection ends with close_notify:
// without, it may have been cut.
func TestResponseUntilTheEnd(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startWeb(t, impl, tlsterm.Off, func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush()
			fmt.Fprint(w, "until the end")
		})
		under := &ending{Conn: p.Dial().TCPConn}
		c := tls.Client(under, &tls.Config{RootCAs: p.ca.Roots(), ServerName: host})
		_, err := io.WriteString(c, "GET / HTTP/1.0\r\nHost: "+host+"\r\n\r\n")
		enginetest.Must(t, err)
		got, err := io.ReadAll(c)
		enginetest.Must(t, err)
		if !strings.HasSuffix(string(got), "until the end") {
			t.Errorf("got %q", got)
		}
		if under.ended {
			t.Error("the connection has ended without close_notify")
		}
		enginetest.Must(t, c.Close())
		p.AwaitClosed(engine.ClientClosed, 1)
	})
}
