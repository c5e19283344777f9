package client

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"net/textproto"
	"path/filepath"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/loadtest/measure"
	"github.com/proxy-engine/proxy-engine/loadtest/secure"
	"github.com/proxy-engine/proxy-engine/loadtest/secure/throwaway"
)

// mailServer serves one connection: it answers each command as it is told to,
// with 250 if it isn't. heard are the commands, and messages without their end.
func mailServer(conn net.Conn, answers map[string]string) (heard []string) {
	text := textproto.NewConn(conn)
	say := func(verb, usual string) {
		if said, told := answers[verb]; told {
			usual = said
		}
		_ = text.PrintfLine("%s", usual) // reading tells
	}
	say("", "220 here")
	for {
		line, err := text.ReadLine()
		if err != nil {
			return heard
		}
		heard = append(heard, line)
		verb, _, _ := strings.Cut(line, " ")
		switch verb {
		case "DATA":
			say(verb, "354 go")
			if answers[verb] == "" {
				message, _ := text.ReadDotBytes()
				heard = append(heard, string(message))
				say(".", "250 kept")
			}
		case "QUIT":
			say(verb, "221 bye")
			return heard
		default:
			say(verb, "250 fine")
		}
	}
}

func mailTo(target netip.AddrPort) SMTPSettings {
	return SMTPSettings{
		Target: target, Hellos: []string{"one.example", "two.example"}, Recipients: []string{"a@b.example"}, Sender: "s@one.example", Size: 1000,
	}
}

func newMailer(t *testing.T, s SMTPSettings) Dialer {
	t.Helper()
	d, err := NewSMTP(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestSMTPSaysWhatItShould(t *testing.T) {
	said := make(chan []string, 1)
	d := newMailer(t, mailTo(serve(t, func(p *peer) { said <- mailServer(p.conn, nil) })))
	for n, hello := range []string{"one.example", "two.example", "one.example"} {
		conn := dial(t, d, uint64(n))
		exchange(t, conn)
		exchange(t, conn)
		closeConn(t, conn)
		heard := <-said
		if len(heard) != 10 || heard[0] != "EHLO "+hello || heard[9] != "QUIT" {
			t.Fatalf("heard %q", heard)
		}
		for _, message := range [][]string{heard[1:5], heard[5:9]} {
			if message[0] != "MAIL FROM:<s@one.example>" || message[1] != "RCPT TO:<a@b.example>" || len(message[3]) < 950 || len(message[3]) > 1100 {
				t.Errorf("heard %q", message)
			}
		}
	}
}

// TestSMTPRefused has each command refused, and answered with nonsense.
func TestSMTPRefused(t *testing.T) {
	for _, verb := range []string{"", "EHLO", "MAIL", "RCPT", "DATA", "."} {
		for answer, want := range map[string]measure.Failure{"421 4.3.2 busy": measure.Rejected, "what?": measure.Wrong} {
			t.Run(fmt.Sprintf("%q answered %q", verb, answer), func(t *testing.T) {
				answers := map[string]string{verb: answer}
				if verb == "EHLO" {
					answers["HELO"] = answer // the library tries that too
				}
				d := newMailer(t, mailTo(serve(t, func(p *peer) { mailServer(p.conn, answers) })))
				conn, err := d.Dial(limited(t), netip.Addr{}, 0)
				if err == nil {
					err = conn.Exchange(limited(t))
					closeConn(t, conn)
				}
				code := ""
				if want == measure.Rejected {
					code = "SMTP 421"
				}
				expect(t, err, want, code)
			})
		}
	}
}

func TestSMTPOverTLS(t *testing.T) {
	file := filepath.Join(t.TempDir(), "certificate.pem")
	if err := (throwaway.Certificate{Names: []string{"mx.example"}}).Write(file); err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(file, file)
	if err != nil {
		t.Fatal(err)
	}
	target := serve(t, func(p *peer) {
		text := textproto.NewConn(p.conn)
		for _, answer := range []string{"220 here", "250-here\r\n250 STARTTLS", "220 go"} {
			_ = text.PrintfLine("%s", answer) // reading tells
			if answer != "220 go" {
				_, _ = text.ReadLine()
			}
		}
		secured := tls.Server(p.conn, &tls.Config{Certificates: []tls.Certificate{pair}})
		answers := textproto.NewConn(secured)
		for {
			if _, err := answers.ReadLine(); err != nil {
				return
			}
			_ = answers.PrintfLine("250 fine")
		}
	})
	for name, kind := range map[string]measure.Failure{"mx.example": measure.Other, "other.example": measure.Untrusted} {
		s := mailTo(target)
		agreed := ""
		s.TLS, s.Established = &secure.Settings{CA: file, ServerName: name}, func(terms secure.Terms) { agreed = terms.String() }
		conn, err := newMailer(t, s).Dial(limited(t), netip.Addr{}, 0)
		if err != nil {
			expect(t, err, kind, "certificate: for another name")
			continue
		}
		if kind == measure.Untrusted || !strings.HasPrefix(agreed, "TLS 1.3") {
			t.Errorf("%s: agreed on %q", name, agreed)
		}
		_ = conn.Close() // 250 isn't what QUIT wants
	}
}

func TestSMTPWithoutTLS(t *testing.T) {
	s := mailTo(serve(t, func(p *peer) { mailServer(p.conn, nil) }))
	s.TLS = &secure.Settings{}
	_, err := newMailer(t, s).Dial(limited(t), netip.Addr{}, 0)
	expect(t, err, measure.Handshake, errNoTLS.Error())
}

// TestSMTPInterrupted cancels and overstays an exchange that isn't answered.
func TestSMTPInterrupted(t *testing.T) {
	d := newMailer(t, mailTo(serve(t, func(p *peer) {
		text := textproto.NewConn(p.conn)
		_ = text.PrintfLine("220 here")
		_, _ = text.ReadLine()
		_ = text.PrintfLine("250 fine")
		_, _ = text.ReadLine()
		_, _ = text.ReadLine() // waits for the client's end
	})))
	interrupt(t, d)
}

func TestSMTPSettings(t *testing.T) {
	good := mailTo(netip.MustParseAddrPort("127.0.0.1:25"))
	for name, spoil := range map[string]func(*SMTPSettings){
		"no target":    func(s *SMTPSettings) { s.Target = netip.AddrPort{} },
		"no name":      func(s *SMTPSettings) { s.Hellos = nil },
		"no recipient": func(s *SMTPSettings) { s.Recipients = nil },
		"no such file": func(s *SMTPSettings) { s.TLS = &secure.Settings{CA: "nowhere"} },
	} {
		s := good
		spoil(&s)
		if _, err := NewSMTP(s); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
