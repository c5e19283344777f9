package smtp

import "testing"

func TestParseReply(t *testing.T) {
	for _, tt := range []struct {
		in   string
		size int
		code int
		ok   bool
	}{
		{"220 x\r\n", 7, 220, true},
		{"220\r\n", 5, 220, true},
		{"220 x\n", 6, 220, true},
		{"250-a\r\n250-b\r\n250 c\r\n220 x\r\n", 21, 250, true},
		{"250-\r\n250\r\n", 11, 250, true},
		{"", 0, 0, true},
		{"22", 0, 0, true},
		{"220 x\r", 0, 0, true},
		{"250-a\r\n", 0, 0, true},
		{"250-a\r\n25", 0, 0, true},
		{"22x", 0, 0, false},
		{"x", 0, 0, false},
		{"22\r\n", 0, 0, false},
		{"120 x\r\n", 0, 0, false},
		{"620 x\r\n", 0, 0, false},
		{"220x\r\n", 0, 0, false},
		{"250-a\r\n251 b\r\n", 0, 0, false},
		{"250-a\r\n\r\n", 0, 0, false},
		{"\r\n", 0, 0, false},
	} {
		r, ok := parseReply([]byte(tt.in))
		if ok != tt.ok || len(r.text) != tt.size || r.code != tt.code {
			t.Errorf("%q: %d bytes, code %d, %v", tt.in, len(r.text), r.code, ok)
		}
	}
}

func TestWithout(t *testing.T) {
	for in, want := range map[string]string{
		"250 a\r\n":                                    "250 a\r\n",
		"250-a\r\n250 STARTTLS\r\n":                    "250 a\r\n",
		"250-a\r\n250-starttls\r\n250 b\r\n":           "250-a\r\n250 b\r\n",
		"250-a\r\n250-b\r\n250 STARTTLS\r\n":           "250-a\r\n250 b\r\n",
		"250-a\r\n250-STARTTLSX\r\n250 SIZE 10\r\n":    "250-a\r\n250-STARTTLSX\r\n250 SIZE 10\r\n",
		"250-a\n250-b\n250 STARTTLS\n":                 "250-a\n250 b\r\n",
		"250-a\r\n250-STARTTLS\r\n250-STARTTLS\r\n250": "250 a\r\n",
	} {
		r := reply{text: []byte(in), code: 250}
		if got := string(r.appendWithout(nil, "STARTTLS")); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}
