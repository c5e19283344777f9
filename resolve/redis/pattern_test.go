package redis

import (
	"strings"
	"testing"
)

func TestPatternKeys(t *testing.T) {
	for _, tt := range []struct{ pattern, protocol, resource, key string }{
		{DefaultKey, "postgresql", "orders", "proxy:route:postgresql:orders"},
		{DefaultKey, "http", "shop.example.com", "proxy:route:http:shop.example.com"},
		{DefaultKey, "mysql", "a:b", "proxy:route:mysql:a%3Ab"},
		{DefaultKey, "mysql", "100%", "proxy:route:mysql:100%25"},
		{DefaultKey, "mysql", "a%3Ab", "proxy:route:mysql:a%253Ab"},
		{DefaultKey, "mysql", "{slot}\x00\xff\n", "proxy:route:mysql:%7Bslot%7D%00%FF%0A"},
		{DefaultKey, "mysql", "", "proxy:route:mysql:"},
		{"{resource}", "mysql", "a b", "a%20b"},
		{"{resource}/{protocol}", "mysql", "a/b", "a%2Fb/mysql"},
		{"r:{resource}:route", "mysql", "x", "r:x:route"},
	} {
		p, err := parsePattern(tt.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.key(tt.protocol, tt.resource); got != tt.key {
			t.Errorf("%q: the key of %q is %q, want %q", tt.pattern, tt.resource, got, tt.key)
		}
		if got, ok := p.resource(tt.key); !ok || got != tt.resource {
			t.Errorf("%q: the resource of %q is %q, %v, want %q", tt.pattern, tt.key, got, ok, tt.resource)
		}
	}
}

func TestPatternRefused(t *testing.T) {
	for pattern, want := range map[string]string{
		"":                       "no {resource}",
		"proxy:{protocol}":       "no {resource}",
		"{resource}{protocol}":   "separator",
		"{resource}x":            "separator",
		"{protocol}%{resource}":  "separator",
		"{resource}:{resource}":  "twice",
		"{tenant}:{resource}":    "braces",
		"{resource":              "braces",
		"a}:{resource}":          "braces",
		"{{resource}}":           "braces",
		"{resource}:{protocol}.": "separator",
	} {
		if _, err := parsePattern(pattern); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("parsePattern(%q) = %v, want an error about %q", pattern, err, want)
		}
	}
}

func TestPatternForeignKeys(t *testing.T) {
	p, err := parsePattern(DefaultKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{
		"", "proxy:route:", "proxy:route:mysql", "other:mysql:x", "proxy:route:mysql:a:b",
		"proxy:route:mysql:%", "proxy:route:mysql:%4", "proxy:route:mysql:%3a", "proxy:route:mysql:%41", "proxy:route:mysql:a b",
	} {
		if got, ok := p.resource(key); ok {
			t.Errorf("the resource of %q is %q, want none", key, got)
		}
	}
}

// FuzzPattern: whatever a client calls its resource, the key is that of no
// other, has only plain bytes where the name goes, and leads back to it.
func FuzzPattern(f *testing.F) {
	f.Add(DefaultKey, "postgresql", "orders")
	f.Add("{resource}/{protocol}", "mysql", "a/mysql")
	f.Add("x{resource}:{protocol}", "h", "\xff:%3A{}")
	f.Fuzz(func(t *testing.T, text, protocol, resource string) {
		p, err := parsePattern(text)
		if err != nil {
			return
		}
		key := p.key(protocol, resource)
		if got, ok := p.resource(key); !ok || got != resource {
			t.Fatalf("%q: %q has the key %q, whose resource is %q, %v", text, resource, key, got, ok)
		}
		want := strings.NewReplacer(protocolMark, "", resourceMark, "").Replace(text)
		for i := range len(key) {
			if !encodable(key[i]) && strings.IndexByte(want, key[i]) < 0 {
				t.Fatalf("%q: the key %q of %q has the byte %q", text, key, resource, key[i])
			}
		}
	})
}
