package client

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"io"
	"math"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/measure"
	"github.com/proxy-engine/proxy-engine/loadtest/secure"
	"github.com/proxy-engine/proxy-engine/loadtest/secure/throwaway"
)

// mongoPeer is the server's side of one connection, maybe encrypted.
type mongoPeer struct {
	*peer
	stream io.ReadWriter
}

// serveMongo is serve for MongoDB.
func serveMongo(t *testing.T, script func(*mongoPeer)) netip.AddrPort {
	t.Helper()
	return serve(t, func(p *peer) { script(&mongoPeer{p, p.conn}) })
}

// mongoRequest is what a scripted server has been asked.
type mongoRequest struct {
	id   uint32
	text string // all of it but the header
}

// mongoRequest waits for a request; false means that there is none to come.
func (p *mongoPeer) mongoRequest() (r mongoRequest, more bool) {
	header := make([]byte, 16)
	if _, err := io.ReadFull(p.stream, header); err != nil {
		return r, false
	}
	body := make([]byte, binary.LittleEndian.Uint32(header)-16)
	_, err := io.ReadFull(p.stream, body)
	return mongoRequest{binary.LittleEndian.Uint32(header[4:]), string(body)}, err == nil
}

// reply answers a request with a document of these fields.
func (p *mongoPeer) reply(to uint32, fields string) {
	p.t.Helper()
	b := binary.LittleEndian.AppendUint32(nil, uint32(16+5+4+len(fields)+1))
	b = binary.LittleEndian.AppendUint32(append(b, 1, 0, 0, 0), to)
	b = append(binary.LittleEndian.AppendUint32(b, 2013), 0, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, uint32(4+len(fields)+1))
	if _, err := p.stream.Write(append(append(b, fields...), 0)); err != nil {
		p.t.Errorf("peer: %v", err)
	}
}

// mongoOK is the field that says so, or not.
func mongoOK(v float64) string {
	return string(binary.LittleEndian.AppendUint64([]byte("\x01ok\x00"), math.Float64bits(v)))
}

// cursorOf is the field of a cursor.
func cursorOf(namespace string) string {
	inner := "\x02ns\x00" + string(rune(len(namespace)+1)) + "\x00\x00\x00" + namespace + "\x00"
	return "\x03cursor\x00" + string(rune(4+len(inner)+1)) + "\x00\x00\x00" + inner + "\x00"
}

// greetMongo answers the client's hello.
func (p *mongoPeer) greetMongo() {
	p.t.Helper()
	hello, _ := p.mongoRequest()
	if !strings.Contains(hello.text, "\x10hello\x00") || !strings.Contains(hello.text, "admin") {
		p.t.Errorf("the client says hello by %q", hello.text)
	}
	p.reply(hello.id, mongoOK(1))
}

func mongoTo(target netip.AddrPort, c MongoDBCommand) MongoDBSettings {
	return MongoDBSettings{Target: target, Databases: []string{"alpha", "beta"}, Command: c}
}

func newMongo(t *testing.T, s MongoDBSettings) Dialer {
	t.Helper()
	d, err := NewMongoDB(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestMongoDBSaysWhatItShould(t *testing.T) {
	asked := make(chan []mongoRequest, 1)
	target := serveMongo(t, func(p *mongoPeer) {
		p.greetMongo()
		var all []mongoRequest
		for r, more := p.mongoRequest(); more; r, more = p.mongoRequest() {
			all = append(all, r)
			p.reply(r.id, cursorOf("beta.loadtest")+mongoOK(1))
		}
		asked <- all
	})
	seen := make(map[string]bool)
	for command, want := range map[MongoDBCommand]string{Ping: "\x10ping\x00\x01\x00\x00\x00", Find: "\x02find\x00\x09\x00\x00\x00loadtest\x00"} {
		conn := dial(t, newMongo(t, mongoTo(target, command)), 1)
		exchange(t, conn)
		exchange(t, conn)
		closeConn(t, conn)
		all := <-asked
		if len(all) != 2 || all[1].id != all[0].id+1 {
			t.Fatalf("%v: %+v", command, all)
		}
		for _, r := range all {
			if !strings.Contains(r.text, want) || !strings.Contains(r.text, "\x02$db\x00\x05\x00\x00\x00beta\x00") {
				t.Errorf("%v: %q", command, r.text)
			}
			if command == Find && seen[r.text] {
				t.Errorf("%q has been asked for twice", r.text)
			}
			seen[r.text] = true
		}
	}
}

// TestMongoDBWrongAnswers wants every answer but the one noticed.
func TestMongoDBWrongAnswers(t *testing.T) {
	for name, tt := range map[string]struct {
		off    uint32 // of the request's id
		fields string
		kind   measure.Failure
		answer string
	}{
		"another request's":     {1, cursorOf("alpha.loadtest") + mongoOK(1), measure.Wrong, ""},
		"another database's":    {0, cursorOf("beta.loadtest") + mongoOK(1), measure.Wrong, ""},
		"no cursor":             {0, mongoOK(1), measure.Wrong, ""},
		"no document":           {0, "\x55", measure.Wrong, ""},
		"a refusal":             {0, "\x10code\x00\x1a\x00\x00\x00" + mongoOK(0), measure.Rejected, "MongoDB error 26"},
		"a refusal, unexpected": {0, "", measure.Rejected, "MongoDB error 0"},
	} {
		t.Run(name, func(t *testing.T) {
			conn := dial(t, newMongo(t, mongoTo(serveMongo(t, func(p *mongoPeer) {
				p.greetMongo()
				r, _ := p.mongoRequest()
				p.reply(r.id+tt.off, tt.fields)
				_, _ = p.mongoRequest() // until it is closed
			}), Find)), 0)
			expect(t, conn.Exchange(limited(t)), tt.kind, tt.answer)
			closeConn(t, conn)
		})
	}
}

func TestMongoDBEnds(t *testing.T) {
	t.Run("in the hello", func(t *testing.T) {
		d := newMongo(t, mongoTo(serveMongo(t, func(p *mongoPeer) { _, _ = p.mongoRequest() }), Ping))
		_, err := d.Dial(limited(t), netip.Addr{}, 0)
		expect(t, err, measure.Ended, "")
	})
	t.Run("in an exchange", func(t *testing.T) {
		conn := dial(t, newMongo(t, mongoTo(serveMongo(t, func(p *mongoPeer) { p.greetMongo(); _, _ = p.mongoRequest() }), Ping)), 0)
		expect(t, conn.Exchange(limited(t)), measure.Ended, "")
		closeConn(t, conn)
	})
	t.Run("never", func(t *testing.T) {
		conn := dial(t, newMongo(t, mongoTo(serveMongo(t, func(p *mongoPeer) {
			p.greetMongo()
			_, _ = io.Copy(io.Discard, p.conn)
		}), Ping)), 0)
		late, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		expect(t, conn.Exchange(late), measure.Late, "")
		closeConn(t, conn)
	})
}

func TestMongoDBOverTLS(t *testing.T) {
	file := filepath.Join(t.TempDir(), "certificate.pem")
	if err := (throwaway.Certificate{Names: []string{"db.example"}}).Write(file); err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(file, file)
	if err != nil {
		t.Fatal(err)
	}
	target := serveMongo(t, func(p *mongoPeer) {
		p.stream = tls.Server(p.conn, &tls.Config{Certificates: []tls.Certificate{pair}})
		for r, more := p.mongoRequest(); more; r, more = p.mongoRequest() {
			p.reply(r.id, mongoOK(1))
		}
	})
	for name, kind := range map[string]measure.Failure{"db.example": measure.Other, "other.example": measure.Untrusted} {
		s := mongoTo(target, Ping)
		agreed := ""
		s.TLS, s.Established = &secure.Settings{CA: file, ServerName: name}, func(terms secure.Terms) { agreed = terms.String() }
		conn, err := newMongo(t, s).Dial(limited(t), netip.Addr{}, 0)
		if err != nil {
			expect(t, err, kind, "certificate: for another name")
			continue
		}
		exchange(t, conn)
		closeConn(t, conn)
		if kind == measure.Untrusted || !strings.HasPrefix(agreed, "TLS 1.3") {
			t.Errorf("%s: agreed on %q", name, agreed)
		}
	}
}

func TestMongoDBSettings(t *testing.T) {
	if _, err := NewMongoDB(MongoDBSettings{}); err == nil || !strings.Contains(err.Error(), "no target\nno database") {
		t.Errorf("%v", err)
	}
	for c := range mongoDBCommands {
		if got, err := ParseMongoDBCommand(c.String()); got != c || err != nil {
			t.Errorf("%v: %v, %v", c, got, err)
		}
	}
	if _, err := ParseMongoDBCommand("drop"); err == nil {
		t.Error("drop is a command")
	}
}
