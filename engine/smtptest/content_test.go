package smtptest

import (
	"bytes"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/smtp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// play says all that a client says, in pieces of so many bytes, and hears
// all there is to its end. ends has the client say that it has said all.
func play(t testing.TB, p *proxy, said []byte, piece int, ends bool) (heard string) {
	t.Helper()
	client := p.Dial()
	spoken := enginetest.Async(func() error {
		for rest := said; len(rest) > 0; {
			n := min(len(rest), piece)
			if _, err := client.Write(rest[:n]); err != nil {
				return nil // what was heard says why
			}
			rest = rest[n:]
		}
		if ends {
			return client.CloseWrite()
		}
		return nil
	})
	all, _ := io.ReadAll(client.In) // an end of any kind
	<-spoken
	enginetest.Must(t, client.Close())
	return string(all)
}

// The sizes of the pieces that clients are tried with.
const (
	onePacket  = 1 << 20
	byteByByte = 1
)

// wholeSession is one without a pause, with DATA and its content in it too.
func wholeSession(message []byte) []byte {
	begin := "EHLO shop.example\r\nMAIL FROM:<a@b>\r\nRCPT TO:<raw@shop.example>\r\nDATA\r\n"
	return append(append([]byte(begin), message...), "QUIT\r\n"...)
}

// TestOnePacket sends whole sessions in one write, and in single bytes.
func TestOnePacket(t *testing.T) {
	message := []byte("Subject: x\r\n\r\n..\r\n.a\r\n \xff\x00\rb\nc .\r\n.\r\n")
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		for _, by := range bothWays {
			r := startRecorder(t, false)
			p := startProxy(t, impl, smtp.Options{RouteBy: by}, shopAt(r.address()))
			for i, piece := range []int{onePacket, byteByByte} {
				for _, ends := range []bool{false, true} {
					heard := play(t, p, wholeSession(message), piece, ends)
					if !strings.HasSuffix(heard, "354 go\r\n250 kept\r\n221 bye\r\n") {
						t.Errorf("%v, case %d: heard %q", by, i, heard)
					}
				}
			}
			if got := r.kept(); len(got) != 4 || !bytes.Equal(bytes.Join(got, nil), bytes.Repeat(message, 4)) {
				t.Errorf("%v: kept %q", by, got)
			}
		}
	})
}

// TestLargeMessage sends 20 MB by Python, which stuffs the dots.
func TestLargeMessage(t *testing.T) {
	var first []byte
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		for _, by := range bothWays {
			for mode, settings := range map[smtp.TLSMode]string{smtp.TLSOff: "big", smtp.TLSRequired: "big,tls"} {
				r := startRecorder(t, false)
				p := startProxy(t, impl, smtp.Options{RouteBy: by, TLS: mode}, shopAt(r.address()))
				smtplib(t, p, "shop.example", settings, "raw@shop.example")
				got := r.kept()
				if len(got) != 1 || len(got[0]) < 20_000_000 {
					t.Fatalf("%v: %d messages", by, len(got))
				}
				if first == nil {
					first = got[0]
				}
				if !bytes.Equal(first, got[0]) {
					t.Errorf("%v, TLS %v: the message differs", by, mode)
				}
			}
		}
	})
}

// TestNoiseAsMessages sends what no mail program would, in pieces of any size.
func TestNoiseAsMessages(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		random := rand.New(rand.NewPCG(1, 2))
		r := startRecorder(t, false)
		p := startProxy(t, impl, smtp.Options{RouteBy: smtp.RouteByRCPT}, shopAt(r.address()))
		for i := range 50 {
			message := noise(random, 1+random.IntN(20_000))
			heard := play(t, p, wholeSession(message), 1+random.IntN(3000), false)
			if got := r.kept(); len(got) != i+1 || !bytes.Equal(got[i], message) {
				t.Fatalf("heard %q", heard)
			}
		}
	})
}

// noise is a message of random bytes with no dot but that at its end.
func noise(random *rand.Rand, size int) []byte {
	message := make([]byte, size)
	for i := range message {
		message[i] = byte(random.IntN(256))
	}
	return append(bytes.ReplaceAll(message, []byte{'.'}, []byte{','}), "\r\n.\r\n"...)
}

// smuggling are the ends of a message for some server or other, and not for
// all.
func smuggling() []string {
	var ends []string
	for _, before := range []string{"\r\n", "\n", "\r", "\n\n", "\r\r"} {
		for _, after := range []string{"\r\n", "\n", "\r", "\n\r\n", "\r\r\n"} {
			if end := before + "." + after; end != "\r\n.\r\n" {
				ends = append(ends, end)
			}
		}
	}
	return ends
}

// TestSmuggling hides a second message behind each of them, from a client to a
// server that falls for all.
func TestSmuggling(t *testing.T) {
	const second = "MAIL FROM:<root@bank.example>\r\nRCPT TO:<x@bank.example>\r\nDATA\r\nsecond\r\n.\r\n"
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		r := startRecorder(t, true)
		p := startProxy(t, impl, smtp.Options{RouteBy: smtp.RouteByRCPT}, shopAt(r.address()))
		for _, end := range smuggling() {
			for _, how := range []struct {
				piece int
				ends  bool
			}{{onePacket, false}, {byteByByte, false}, {onePacket, true}} {
				heard := play(t, p, wholeSession([]byte("first"+end+second)), how.piece, how.ends)
				if strings.Contains(r.heard(), "bank.example") || len(r.kept()) > 0 {
					t.Fatalf("%q: smuggled %q, kept %q; the client heard %q", end, r.heard(), r.kept(), heard)
				}
				if !strings.HasSuffix(heard, "500 5.5.2 a dot stands on a line of its own between line ends that aren't CRLF\r\n") {
					t.Errorf("%q: heard %q", end, heard)
				}
			}
		}
	})
}

// TestOtherDomainsBehindTheEnd has a client end its side at once behind
// recipients that mustn't reach the backend.
func TestOtherDomainsBehindTheEnd(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		r := startRecorder(t, false)
		p := startProxy(t, impl, smtp.Options{RouteBy: smtp.RouteByRCPT}, shopAt(r.address()))
		const begin = "EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<1@shop.example>\r\n"
		for name, rest := range map[string]string{
			"a later transaction": "RSET\r\nMAIL FROM:<a@b>\r\nRCPT TO:<1@bank.example>\r\nRCPT TO:<2@bank.example>\r\nDATA\r\n",
			"the same":            "RCPT TO:<1@bank.example>\r\nRCPT TO:<2@bank.example>\r\nRCPT TO:<3@bank.example>",
			"behind QUIT":         "QUIT\r\nRCPT TO:<1@bank.example>\r\n",
		} {
			heard := play(t, p, []byte(begin+rest), onePacket, true)
			if strings.Contains(r.heard(), "bank.example") {
				t.Errorf("%s: the backend heard %q, the client %q", name, r.heard(), heard)
			}
		}
		p.AwaitActive(0)
	})
}

// TestSource sends many messages by many sessions at once, of which none may
// be lost.
func TestSource(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		for _, by := range bothWays {
			s := startSink(t)
			p := startProxy(t, impl, smtp.Options{RouteBy: by}, shopAt(s.address))
			source(t, p, "100", strconv.Itoa(*messages), "shop.example", "sink@shop.example")
			if got := s.count(); got != *messages {
				t.Errorf("%v: %d messages, want %d", by, got, *messages)
			}
			p.AwaitActive(0) // smtp-source resets some, behind QUIT
		}
	})
}

// TestCommandsRefused has smtp-sink refuse one command after the other.
func TestCommandsRefused(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		for _, refused := range []string{"mail", "rcpt", "data", "."} {
			s := startSink(t, "-r", refused)
			p := startProxy(t, impl, smtp.Options{RouteBy: smtp.RouteByRCPT}, shopAt(s.address))
			said, err := tryRun(t, "swaks", swaksArgs(p, "client.example", "sink@shop.example")...)
			if err == nil || !strings.Contains(said, "<** 450 4.3.0 Error: command failed") {
				t.Errorf("%s refused: %v, %s", refused, err, said)
			}
		}
	})
}
