package clienthello

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
)

// heard is a connection that has said all it has to say.
type heard struct {
	net.Conn
	said io.Reader
}

func (c heard) Read(b []byte) (int, error)  { return c.said.Read(b) }
func (c heard) Write(b []byte) (int, error) { return len(b), nil }

// theirs is how crypto/tls reads a ClientHello, nil if it doesn't.
func theirs(in []byte) *tls.ClientHelloInfo {
	var got *tls.ClientHelloInfo
	config := &tls.Config{GetConfigForClient: func(info *tls.ClientHelloInfo) (*tls.Config, error) {
		got = info
		return nil, errors.New("seen enough")
	}}
	tls.Server(heard{said: bytes.NewReader(in)}, config).Handshake()
	return got
}

// FuzzParse holds the parser to these properties:
//   - where crypto/tls reads a ClientHello too, it reads the same from it;
//   - what crypto/tls reads and this parser refuses, it refuses for one of the
//     reasons in which it is stricter;
//   - a verdict stands, whatever follows: all shorter inputs need more or have
//     it already, and a complete message is read the same from its span;
//   - with MaxSize bytes there is a verdict.
func FuzzParse(f *testing.F) {
	for _, test := range malformed {
		f.Add(test.in)
	}
	for _, g := range goldens {
		f.Add(readGolden(f, g.name))
		f.Add(fragmented(readGolden(f, g.name)[recordHeader:], 50))
	}
	f.Add(fragmented(usual, 7))
	f.Add(record(hello(serverName("Shop"), extension(13, nil))))
	f.Fuzz(func(t *testing.T, in []byte) {
		h, status := Parse(in)
		if status == More && len(in) >= MaxSize {
			t.Fatalf("%d bytes need more", len(in))
		}
		if info := theirs(in); info != nil {
			compare(t, in, &h, status, info)
		}
		checkPrefixes(t, in, &h, status)
	})
}

// stricter are the reasons for which crypto/tls has no counterpart.
var stricter = []Status{BadRecordVersion, TooLong, Trailing, BadServerName}

func compare(t *testing.T, in []byte, h *Hello, status Status, info *tls.ClientHelloInfo) {
	t.Helper()
	if status != Complete {
		if !slices.Contains(stricter, status) || status == BadServerName && IsHostName(info.ServerName) {
			t.Fatalf("%v, crypto/tls reads %q, %q", status, info.ServerName, info.SupportedProtos)
		}
		return
	}
	if string(h.ServerName) != strings.ToLower(info.ServerName) || !slices.Equal(offered(h), info.SupportedProtos) {
		t.Fatalf("%q, %q, crypto/tls reads %q, %q", h.ServerName, offered(h), info.ServerName, info.SupportedProtos)
	}
	// Without the extension crypto/tls names versions it knows itself.
	if slices.Contains(info.Extensions, extensionSupportedVersions) && h.Version != highest(info.SupportedVersions) {
		t.Fatalf("%v, crypto/tls reads %#04x", h.Version, info.SupportedVersions)
	}
}

// highest is the highest of the versions that are any.
func highest(versions []uint16) Version {
	var v Version
	for _, offered := range versions {
		if offered>>8 == versionMajor {
			v = max(v, Version(offered))
		}
	}
	return v
}

// checkPrefixes looks at the inputs that end a little earlier.
func checkPrefixes(t *testing.T, in []byte, h *Hello, status Status) {
	t.Helper()
	for end := max(0, len(in)-100); end < len(in); end++ {
		before, earlier := Parse(in[:end])
		if earlier != More && (earlier != status || before.Size != h.Size) {
			t.Fatalf("%v with %d bytes, %v with %d", earlier, end, status, len(in))
		}
	}
	if status == Complete {
		again, status := Parse(in[:h.Size])
		if status != Complete || !bytes.Equal(again.ServerName, h.ServerName) {
			t.Fatalf("%v with the %d bytes it spans", status, h.Size)
		}
		if _, status := Parse(in[:h.Size-1]); status != More {
			t.Fatalf("%v without the last byte", status)
		}
	}
}
