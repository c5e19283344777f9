package introtest

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/postgres"
	"github.com/proxy-engine/proxy-engine/codecs/smtp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/proxyheader"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
	"github.com/proxy-engine/proxy-engine/resolve"
)

var versions = []proxyheader.Version{proxyheader.V1, proxyheader.V2}

// However the header comes, and whatever is glued to it, nothing is lost.
func TestEverySplit(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p, backend := start(t, impl, plain(), trusting)
		for _, v := range versions {
			all := string(told.Append(nil, v)) + "hello"
			for n := 1; n <= len(all); n++ {
				client := p.Dial()
				client.Say(all[:n])
				client.Say(all[n:])
				link := backend.Accept()
				link.Hear(toldV1 + "hello")
				end(t, client, link)
			}
			client := p.Dial()
			for i := range len(all) {
				client.Say(all[i : i+1])
			}
			link := backend.Accept()
			link.Hear(toldV1 + "hello")
			end(t, client, link)
		}
	})
}

// gluing puts a header into the first write.
type gluing struct {
	net.Conn
	header []byte
}

func (g *gluing) Write(b []byte) (int, error) {
	all := append(g.header, b...)
	had := len(g.header)
	g.header = nil
	n, err := g.Conn.Write(all)
	return n - had, err
}

// The header comes before TLS, on both legs.
func TestBeforeTLS(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		for _, v := range versions {
			ca := enginetest.NewAuthority(t)
			_, cert := ca.Issue("127.0.0.1")
			p, backend := start(t, impl, plain(), trusting, func(cfg *engine.Config) {
				cfg.Listeners[0].TLS = ca.Server("front.example")
				cfg.Listeners[0].BackendTLS = tlsterm.VerifyFull
				cfg.TLS.Backends = ca.Backends()
			})
			raw := p.Dial()
			client := tls.Client(&gluing{raw.TCPConn, told.Append(nil, v)}, &tls.Config{RootCAs: ca.Roots(), ServerName: "front.example"})
			enginetest.Must(t, client.Handshake())
			link := backend.Accept()
			link.Hear(toldV1)
			server := tls.Server(behind{link}, &tls.Config{Certificates: []tls.Certificate{cert}})
			_, err := io.WriteString(client, "hello")
			enginetest.Must(t, err)
			got := make([]byte, 5)
			if _, err := io.ReadFull(server, got); err != nil || string(got) != "hello" {
				t.Errorf("%v: the backend got %q, %v", v, got, err)
			}
			enginetest.CloseAll(t, client, server)
			p.AwaitActive(0)
		}
	})
}

// behind is a connection that is read behind what has been heard.
type behind struct{ *enginetest.Conn }

func (b behind) Read(p []byte) (int, error) { return b.In.Read(p) }

// A server that speaks first says nothing before it knows who its client is.
func TestServerFirst(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p, backend := start(t, impl, smtp.Front(smtp.Options{}), trusting)
		silent := p.Dial()
		client := p.Dial()
		client.Say(toldV1)
		client.HearTo("220 localhost ESMTP\r\n")
		client.Say("EHLO a.example\r\n")
		link := backend.Accept()
		link.Hear(toldV1)
		link.Say("220 backend\r\n")
		link.Hear("EHLO a.example\r\n")
		link.Say("250 backend\r\n")
		client.HearTo("250 backend\r\n")
		end(t, client, link)
		enginetest.Must(t, silent.CloseWrite())
		if said := silent.HearGone(); said != "" {
			t.Errorf("before the header the server says %q", said)
		}
		p.AwaitClosed(engine.ClientGone, 1)
	})
}

// Who must send a header and sends something else, or nothing, is closed on
// without a word.
func TestNoHeader(t *testing.T) {
	for name, front := range map[string]codecs.Front{"a codec": smtp.Front(smtp.Options{}), "HTTP": engine.HTTPFront()} {
		t.Run(name, func(t *testing.T) {
			enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
				p, _ := start(t, impl, front, trusting)
				for i, said := range []string{
					"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "EHLO a\r\n", "PROXY TCP4 a b c d\r\n", "PROXY TCP4 192.0.2.1 198.51.100.2 1 2 3\n",
					"\r\n\r\n\x00\r\nQUIT\n\x21\x11\xff\xff", "PROXY " + strings.Repeat("x", 1000),
				} {
					client := p.Dial()
					client.Say(said)
					if heard := client.HearGone(); heard != "" {
						t.Errorf("%q is answered with %q", said, heard)
					}
					enginetest.Must(t, client.Close())
					p.AwaitClosed(engine.ProxyHeaderMalformed, uint64(i)+1)
				}
			})
		})
	}
}

func TestLateHeader(t *testing.T) {
	for name, front := range map[string]codecs.Front{"a codec": plain(), "HTTP": engine.HTTPFront()} {
		t.Run(name, func(t *testing.T) {
			enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
				p, _ := start(t, impl, front, trusting, func(cfg *engine.Config) { cfg.Timeouts.Detect = 50 * time.Millisecond })
				for i, said := range []string{"", toldV1[:20]} {
					client := p.Dial()
					client.Say(said)
					if heard := client.HearGone(); heard != "" {
						t.Errorf("%q is answered with %q", said, heard)
					}
					enginetest.Must(t, client.Close())
					p.AwaitClosed(engine.ProxyHeaderTimeout, uint64(i)+1)
				}
			})
		})
	}
}

// Who leaves before its header is complete is just gone; so a proxy may check
// whether we are here.
func TestGoneBeforeHeader(t *testing.T) {
	for name, front := range map[string]codecs.Front{"a codec": plain(), "HTTP": engine.HTTPFront()} {
		t.Run(name, func(t *testing.T) {
			enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
				p, _ := start(t, impl, front, trusting)
				for _, said := range []string{"", toldV1[:20]} {
					client := p.Dial()
					client.Say(said)
					enginetest.Must(t, client.CloseWrite())
					client.HearGone()
					enginetest.Must(t, client.Close())
				}
				p.AwaitClosed(engine.ClientGone, 2)
			})
		})
	}
}

// A header of somebody who mustn't send one is what it is in the protocol: no
// message, or bytes to be passed on.
func TestUnasked(t *testing.T) {
	elsewhere := func(cfg *engine.Config) {
		cfg.ProxyProtocolFrom = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	}
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p, _ := start(t, impl, postgres.Front(postgres.Options{}), elsewhere)
		for i, v := range versions {
			client := p.Dial()
			client.Say(string(told.Append(nil, v)))
			client.HearTo("08P01")
			client.HearEnd()
			enginetest.Must(t, client.Close())
			p.AwaitClosed(engine.Malformed, uint64(i)+1)
		}
		relayed, backend := start(t, impl, plain(), elsewhere)
		client := relayed.Dial()
		client.Say(toldV1)
		link := backend.Accept()
		link.Hear(toldV1)
		end(t, client, link)
	})
}

// A header that names no client of IP leaves the connection's own address.
func TestOwnAddress(t *testing.T) {
	for name, said := range map[string]string{
		"LOCAL": string(proxyheader.Header{}.Append(nil, proxyheader.V2)), "UNKNOWN": "PROXY UNKNOWN ::1 ::1 1 2\r\n",
		"unspecified": strings.Replace(string(proxyheader.Header{}.Append(nil, proxyheader.V2)), "QUIT\n\x20", "QUIT\n\x21", 1),
	} {
		t.Run(name, func(t *testing.T) {
			enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
				p, backend := start(t, impl, plain(), trusting)
				client := p.Dial()
				client.Say(said + "hello")
				from, to := client.LocalAddr().(*net.TCPAddr).AddrPort(), client.RemoteAddr().(*net.TCPAddr).AddrPort()
				link := backend.Accept()
				link.Hear(string(proxyheader.Header{Client: from, Local: to}.Append(nil, proxyheader.V1)) + "hello")
				end(t, client, link)
			})
		})
	}
}

// The resolver is asked on behalf of the client that was named, and what it says
// of the header to the backend holds before the listener's word.
func TestRequestAndMetadata(t *testing.T) {
	for word, want := range map[string]string{"": toldV1, "none": "", "v1": toldV1, "v2": string(told.Append(nil, proxyheader.V2))} {
		t.Run("metadata "+word, func(t *testing.T) {
			enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
				a := &asked{}
				p, backend := start(t, impl, plain(), trusting, func(cfg *engine.Config) {
					a.result = resolve.Result{Endpoint: string(cfg.Resolver.(resolve.Fixed))}
					if word != "" {
						a.result.Metadata = map[string]string{engine.MetadataProxyProtocol: word}
					}
					cfg.Resolver = a
				})
				client := p.Dial()
				client.Say(toldV1 + "hello")
				link := backend.Accept()
				link.Hear(want + "hello")
				end(t, client, link)
				a.mu.Lock()
				defer a.mu.Unlock()
				if got := fmt.Sprint(a.clients); got != "[192.0.2.1:40000]" {
					t.Errorf("the resolver was asked by %s", got)
				}
			})
		})
	}
}

// A word that isn't known is our fault, which nobody is connected for.
func TestUnknownMetadata(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p, _ := start(t, impl, engine.HTTPFront(), func(cfg *engine.Config) {
			cfg.Resolver = &asked{result: resolve.Result{
				Endpoint: string(cfg.Resolver.(resolve.Fixed)), Metadata: map[string]string{engine.MetadataProxyProtocol: "v9"},
			}}
		})
		client := p.Dial()
		client.Say("GET / HTTP/1.0\r\nHost: a\r\n\r\n")
		client.HearTo("500 ")
		client.HearEnd()
		enginetest.Must(t, client.Close())
	})
}
