package mysql

import (
	"bytes"
	"testing"
)

// A packet of the connection phase that is read, written and read again is the
// same: what a backend is told is what the client meant.

func FuzzGreeting(f *testing.F) {
	f.Add(modernBackend()[headerSize:])
	f.Add([]byte("\x0a4.1.22\x00\x01\x00\x00\x00abcdefgh\x00\x2c\xa2"))
	f.Fuzz(func(t *testing.T, in []byte) {
		g, ok := parseGreeting(in)
		if !ok || len(g.salt) != saltSize || !g.capabilities.has(PluginAuth) {
			return
		}
		again, ok := parseGreeting(appendGreeting(nil, g))
		if !ok || !bytes.Equal(again.version, g.version) || again.id != g.id || !bytes.Equal(again.salt, g.salt) ||
			again.capabilities != g.capabilities || !bytes.Equal(again.plugin, g.plugin) {
			t.Errorf("%+v becomes %+v", g, again)
		}
	})
}

func FuzzResponse(f *testing.F) {
	f.Add(appendResponse(nil, aliceResponse()))
	f.Add(appendResponse(nil, aliceResponse().in("shop")))
	f.Add(appendResponse(nil, oldResponse()))
	f.Add(appendResponseHead(nil, aliceResponse()))
	f.Fuzz(func(t *testing.T, in []byte) {
		p, ok := parseResponse(in)
		if !ok {
			return
		}
		kept := p.keep()
		for _, s := range [][]byte{kept.user, kept.database, kept.plugin, kept.attributes} {
			if len(s) > len(in) {
				t.Fatalf("%q has more than %q", s, in)
			}
		}
		kept.answer = nil
		kept.capabilities |= PluginAuthLenEnc
		again, ok := parseResponse(appendResponse(nil, kept))
		if !ok || !sameResponse(&again, &kept) {
			t.Errorf("%+v becomes %+v", kept, again)
		}
	})
}

func sameResponse(a, b *response) bool {
	return a.capabilities == b.capabilities && a.maxPacket == b.maxPacket && a.collation == b.collation &&
		bytes.Equal(a.user, b.user) && bytes.Equal(a.database, b.database) && bytes.Equal(a.plugin, b.plugin) &&
		bytes.Equal(a.attributes, b.attributes) && a.level == b.level
}

func FuzzAuthSwitch(f *testing.F) {
	f.Add(appendAuthSwitch(nil, nameSHA2, backendSalt))
	f.Add([]byte{typeAuthSwitch})
	f.Fuzz(func(t *testing.T, in []byte) {
		a, ok := parseAuthSwitch(in)
		if !ok {
			return
		}
		again, ok := parseAuthSwitch(appendAuthSwitch(nil, string(a.plugin), a.salt))
		if !ok || !bytes.Equal(again.plugin, a.plugin) || !bytes.Equal(again.salt, a.salt) {
			t.Errorf("%+v becomes %+v", a, again)
		}
	})
}

// FuzzOK: what is taken for the end of a command's results has the status of one,
// and is the same with a text behind it.
func FuzzOK(f *testing.F) {
	f.Add(appendOK(nil, statusAutocommit))
	f.Add(appendOK(nil, statusMoreResults))
	f.Add(appendEnd(nil, 0, statusAutocommit))
	f.Add(appendEnd(nil, DeprecateEOF, statusAutocommit))
	f.Fuzz(func(t *testing.T, in []byte) {
		last := isLastOK(in)
		if last && in[0] != typeOK && in[0] != typeEOF {
			t.Fatalf("%q ends results", in)
		}
		if isEOF := len(in) == 5 && in[0] == typeEOF; last && !isEOF && !isLastOK(append(in, "text"...)) {
			t.Errorf("%q ends results, with a text it doesn't", in)
		}
		if len(in) > 1 {
			status := uint16(in[0]) | uint16(in[1])<<8
			for _, packet := range [][]byte{appendOK(nil, status), appendEnd(nil, 0, status), appendEnd(nil, DeprecateEOF, status)} {
				if isLastOK(packet) != (status&statusMoreResults == 0) {
					t.Errorf("%q ends results: %v", packet, isLastOK(packet))
				}
			}
		}
	})
}

// FuzzStatement: a USE that is understood means the same when its name is
// quoted, only what is one statement is understood, and white space doesn't
// matter.
func FuzzStatement(f *testing.F) {
	for _, sql := range []string{
		"use shop", "USE `a``b`;", "/*!40101 set names utf8 */;", "set autocommit=0", "select @@session.x as `y`, version() limit 1",
		"show warnings", "-- x\nuse y", "use a;use b", "set x='\\';", "# x",
	} {
		f.Add(sql)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		s := parseStatement([]byte(sql))
		if spaced := parseStatement([]byte(" /**/\n" + sql)); spaced.verb != s.verb {
			t.Fatalf("%q is %d, with space before it %d", sql, s.verb, spaced.verb)
		}
		if s.verb == verbOther {
			return
		}
		if two := parseStatement([]byte(sql + "\n;drop table x")); two.verb != verbOther {
			t.Fatalf("%q and another are %d", sql, two.verb)
		}
		if s.verb != verbUse || bytes.IndexByte(s.database, '`') >= 0 {
			return
		}
		if quoted := parseStatement([]byte("use `" + string(s.database) + "`")); !bytes.Equal(quoted.database, s.database) {
			t.Errorf("%q uses %q, quoted %q", sql, s.database, quoted.database)
		}
	})
}
