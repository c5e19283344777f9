package proxyheader

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"strings"
	"testing"
	"testing/iotest"
)

func header(client, local string) Header {
	return Header{netip.MustParseAddrPort(client), netip.MustParseAddrPort(local)}
}

var (
	four  = header("192.0.2.1:40000", "198.51.100.2:25")
	six   = header("[2001:db8::1]:1", "[::1]:65535")
	mixed = header("192.0.2.1:1", "[2001:db8::1]:2")
)

func TestAppend(t *testing.T) {
	for _, tt := range []struct {
		header Header
		v1, v2 string
	}{
		{
			four, "PROXY TCP4 192.0.2.1 198.51.100.2 40000 25\r\n",
			signatureV2 + "\x21\x11\x00\x0c\xc0\x00\x02\x01\xc6\x33\x64\x02\x9c\x40\x00\x19",
		},
		{
			six, "PROXY TCP6 2001:db8::1 ::1 1 65535\r\n",
			signatureV2 + "\x21\x21\x00\x24\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01" +
				"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x01\xff\xff",
		},
		{
			mixed, "PROXY TCP6 ::ffff:192.0.2.1 2001:db8::1 1 2\r\n",
			signatureV2 + "\x21\x21\x00\x24\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xc0\x00\x02\x01" +
				"\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x01\x00\x02",
		},
		{header("[fe80::1%eth0]:1", "[fe80::2%eth0]:2"), "PROXY TCP6 fe80::1 fe80::2 1 2\r\n", ""},
		{Header{}, "PROXY UNKNOWN\r\n", signatureV2 + "\x20\x00\x00\x00"},
	} {
		for v, want := range map[Version]string{None: "", V1: tt.v1, V2: tt.v2} {
			got := string(tt.header.Append([]byte("x"), v))
			if want == "" && v == V2 {
				continue
			}
			if got != "x"+want {
				t.Errorf("%v of %v: %q, want %q", v, tt.header, got, want)
			}
			if len(got) > MaxSent+1 {
				t.Errorf("%v of %v: %d bytes", v, tt.header, len(got))
			}
		}
	}
}

func TestAppendAllocatesNothing(t *testing.T) {
	buf := make([]byte, 0, MaxSent)
	for _, h := range []Header{four, six, mixed, {}} {
		if n := testing.AllocsPerRun(100, func() { h.Append(buf, V1); h.Append(buf, V2) }); n > 0 {
			t.Errorf("%v: %v allocations", h, n)
		}
	}
}

// v2 is a header of version 2.
func v2(command, family byte, body string) string {
	return signatureV2 + string([]byte{command, family, byte(len(body) >> 8), byte(len(body))}) + body
}

var (
	body4 = "\xc0\x00\x02\x01\xc6\x33\x64\x02\x9c\x40\x00\x19"
	body6 = strings.Repeat("\x00", 10) + "\xff\xff\xc0\x00\x02\x01" + strings.Repeat("\x00", 10) + "\xff\xff\xc6\x33\x64\x02\x9c\x40\x00\x19"
	tlvs  = strings.Repeat("\x04\x00\x01x", 20)
)

// understood are headers with what they say.
func understood() map[string]Header {
	return map[string]Header{
		"PROXY TCP4 192.0.2.1 198.51.100.2 40000 25\r\n":                four,
		"PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n":                            header("0.0.0.0:0", "0.0.0.0:0"),
		"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n":    header("255.255.255.255:65535", "255.255.255.255:65535"),
		"PROXY TCP6 :: :: 0 0\r\n":                                      header("[::]:0", "[::]:0"),
		"PROXY TCP6 2001:db8::1 ::1 1 65535\r\n":                        six,
		"PROXY TCP6 2001:db8:0:0:0:0:0:1 0:0:0:0:0:0:0:1 1 65535\r\n":   six,
		"PROXY TCP6 ::ffff:192.0.2.1 2001:db8::1 1 2\r\n":               mixed,
		"PROXY TCP6 " + strings.Repeat("ffff:", 7) + "ffff ::1 1 2\r\n": header("[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:1", "[::1]:2"),
		"PROXY UNKNOWN\r\n":                                             {},
		"PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n":                 {},
		v2(proxied, tcp4, body4):                                        four,
		v2(proxied, tcp4, body4+tlvs):                                   four,
		v2(proxied, tcp6, body6):                                        four,
		v2(proxied, tcp6, body6+strings.Repeat(tlvs, 50)):               four,
		v2(proxied, unspecified, ""):                                    {},
		v2(proxied, unspecified, tlvs):                                  {},
		v2(proxied, 0x12, body4):                                        {}, // UDP
		v2(proxied, 0x31, strings.Repeat("x", 216)):                     {}, // a socket with a path
		v2(local, unspecified, ""):                                      {},
		v2(local, unspecified, tlvs):                                    {},
		v2(local, tcp4, body4):                                          {},
		string(four.Append(nil, V2)):                                    four,
		string(mixed.Append(nil, V2)):                                   mixed,
	}
}

// read gathers a header and parses it.
func read(r io.Reader) (Header, error) {
	got, err := Gather(r, nil)
	if err != nil {
		return Header{}, err
	}
	return Parse(got)
}

// However a header comes, it is understood, and what is behind it is left.
func TestReadLeavesWhatIsBehind(t *testing.T) {
	const behind = "\n\r\nbehind"
	for text, want := range understood() {
		for name, wrap := range map[string]func(io.Reader) io.Reader{
			"at once": func(r io.Reader) io.Reader { return r }, "halved": iotest.HalfReader, "by bytes": iotest.OneByteReader,
			"with the end": iotest.DataErrReader,
		} {
			source := strings.NewReader(text + behind)
			got, err := read(wrap(source))
			if err != nil || got != want {
				t.Errorf("%q, %s: %v, %v; want %v", text, name, got, err, want)
			}
			if source.Len() != len(behind) && name != "with the end" {
				t.Errorf("%q, %s: %d bytes behind it are left", text, name, source.Len())
			}
		}
	}
}

var errNothingNow = errors.New("nothing now")

// pausing has nothing to say after every n bytes.
type pausing struct {
	from io.Reader
	n    int
	left int
}

func (p *pausing) Read(b []byte) (int, error) {
	if p.left == 0 {
		p.left = p.n
		return 0, errNothingNow
	}
	n, err := p.from.Read(b[:min(len(b), p.left)])
	p.left -= n
	return n, err
}

func TestGatherGoesOn(t *testing.T) {
	for text, want := range understood() {
		for n := 1; n <= len(text) && n < 40; n++ {
			r := &pausing{from: strings.NewReader(text), n: n}
			got, err := Gather(r, nil)
			for pauses := 0; err == errNothingNow && pauses <= len(text); pauses++ {
				got, err = Gather(r, got)
			}
			if err != nil || string(got) != text {
				t.Fatalf("%q in parts of %d: %q, %v", text, n, got, err)
			}
			if h, err := Parse(got); err != nil || h != want {
				t.Errorf("%q: %v, %v", text, h, err)
			}
		}
	}
}

func TestMalformed(t *testing.T) {
	for _, text := range []string{
		"GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\x02\x00\x01", "\r\n\r\n\x00\r\nQUIX\n\x21\x11\x00\x0c", "PROXX", "PROXY\tTCP4 ",
		"PROXY TCP5 192.0.2.1 198.51.100.2 1 2\r\n", "PROXY \r\n", "PROXY TCP4 x\r\n y z a\r\nb",
		"PROXY TCP4 192.0.2.1 198.51.100.2 1\r\n", "PROXY TCP4 192.0.2.1 198.51.100.2 1 65536\r\n", "PROXY TCP4 192.0.2.1 198.51.100.2 1 -2\r\n",
		"PROXY TCP4 192.0.2.1 198.51.100.2 1 2\n", "PROXY TCP4 192.0.2.256 198.51.100.2 1 2\r\n", "PROXY TCP4 ::1 ::1 1 2222222222222222\r\n",
		"PROXY TCP6 2001:db8::1 ::g 1 2\r\n", "PROXY UNKNOWN\nxxxx", "PROXY UNKNOWN" + strings.Repeat(" x", 60),
		"PROXY TCP4 " + strings.Repeat("1", 100) + "\r\n", "PROXY TCP4" + strings.Repeat(" 1.1.1.1", 50),
		v2(0x11, tcp4, body4), v2(0x22, tcp4, body4), v2(proxied, tcp4, body4[1:]), v2(proxied, tcp6, body4), v2(proxied, 0x41, body4),
		v2(proxied, tcp4, body4+strings.Repeat("x", MaxV2)),
	} {
		source := strings.NewReader(text)
		if got, err := read(source); !errors.Is(err, ErrMalformed) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
		if read := len(text) - source.Len(); read > MaxV2 {
			t.Errorf("%q: %d bytes were read", text[:20], read)
		}
	}
}

// A header that doesn't end is the reader's error.
func TestCutShort(t *testing.T) {
	for text := range understood() {
		for n := range len(text) {
			if got, err := read(strings.NewReader(text[:n])); err != io.EOF {
				t.Fatalf("%q: %v, %v", text[:n], got, err)
			}
		}
	}
}

func TestVersions(t *testing.T) {
	for v := range versions {
		if got, err := ParseVersion(v.String()); err != nil || got != v {
			t.Errorf("%v: %v, %v", v, got, err)
		}
	}
	if _, err := ParseVersion("v3"); err == nil || !strings.Contains(err.Error(), "v3") {
		t.Errorf("v3: %v", err)
	}
	if versions.String() != "unknown" {
		t.Errorf("beyond the last: %v", versions)
	}
}

// FuzzRead: what is understood is written and understood as the same again, and
// no byte behind a header is read.
func FuzzRead(f *testing.F) {
	for text := range understood() {
		f.Add([]byte(text + "behind"))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		source := bytes.NewReader(in)
		got, err := Gather(source, nil)
		read := len(in) - source.Len()
		if read > MaxV2 || err == nil && len(got) != read {
			t.Fatalf("%d bytes were read, %d are returned", read, len(got))
		}
		if err != nil {
			return
		}
		h, err := Parse(got)
		if err != nil {
			return
		}
		for _, v := range []Version{V1, V2} {
			again := h.Append(nil, v)
			back, err := Gather(bytes.NewReader(again), nil)
			if err != nil || !bytes.Equal(back, again) {
				t.Fatalf("%v: %q is read as %q, %v", v, again, back, err)
			}
			if same, err := Parse(again); err != nil || same != h {
				t.Fatalf("%v: %q is %v, %v; want %v", v, again, same, err, h)
			}
		}
	})
}
