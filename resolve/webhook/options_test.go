package webhook

import (
	"encoding/pem"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
)

func TestParseOptions(t *testing.T) {
	t.Setenv("WEBHOOK_TOKEN", "t0ken")
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	roots := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	query := url.Values{
		"token-env": {"WEBHOOK_TOKEN"}, "hmac-file": {file(t, "0123456789abcdef\r\n")}, "timeout": {"500ms"}, "concurrency": {"3"},
		"ca": {file(t, string(roots))}, "messages": {file(t, "suspended: This project is paused.\nother: \"x: y\"\n")},
		"origins": {"https://a.internal,http://b.internal:8080"},
	}
	o, err := ParseOptions(query.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if o.Roots == nil || !o.Roots.Equal(rootsOf(s)) {
		t.Error("the authorities aren't those of the file")
	}
	o.Roots = nil
	want := Options{
		Token: "t0ken", Key: []byte("0123456789abcdef"), Timeout: 500 * time.Millisecond, Concurrency: 3,
		Messages: map[string]string{"suspended": "This project is paused.", "other": "x: y"},
		Origins:  []string{"https://a.internal", "http://b.internal:8080"},
	}
	if !reflect.DeepEqual(o, want) {
		t.Errorf("got %+v, want %+v", o, want)
	}
}

func TestParseOptionsRefuses(t *testing.T) {
	t.Setenv("EMPTY", "")
	t.Setenv("BAD_TOKEN", "hunter2 hunter3")
	t.Setenv("SHORT", "hunter2")
	tests := []struct{ query, want string }{
		{"tokne-env=X", "tokne-env: there is no such option"},
		{"token=hunter2", "there is no such option"},
		{"timeout=1s&timeout=2s", "more than once"},
		{"timeout=5", "want a time"},
		{"timeout=-5s", "want a time"},
		{"concurrency=0", "want a whole number"},
		{"token-env=EMPTY", "it is empty"},
		{"token-file=/no/such/file", "no such file"},
		{"token-env=BAD_TOKEN", "aren't visible ASCII"},
		{"token-env=SHORT&token-file=/no/such/file", "given twice"},
		{"hmac-env=SHORT", "has 7 bytes"},
		{"ca=" + file(t, "nothing"), "no certificate"},
		{"ca=/no/such/file", "no such file"},
		{"messages=/no/such/file", "no such file"},
		{"messages=" + file(t, "- hunter2"), "isn't YAML"},
		{"messages=" + file(t, `a: "two\nlines"`), `message "a"`},
		{"messages=" + file(t, "a: ''"), `message "a"`},
		{"messages=" + file(t, "a: "+strings.Repeat("x", 201)), `message "a"`},
		{"origins=api.internal", "want http://host"},
		{"origins=https://api.internal/path", "want http://host"},
		{"origins=https://api.internal:443", "want http://host"},
		{"a=%", "aren't of the form"},
	}
	for _, tt := range tests {
		_, err := ParseOptions(tt.query)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want %q in it", tt.query, err, tt.want)
		}
	}
	if err := (&Options{Timeout: -1, Concurrency: -1}).Validate(); err == nil || !strings.Contains(err.Error(), "timeout") || !strings.Contains(err.Error(), "concurrency") {
		t.Error(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	o := resolve.OpenOptions{Schemes: map[string]resolve.OpenFunc{"http": Open, "https": Open}}
	for target, want := range map[string]string{
		"http://":                    "want an http or https URL",
		"https://user:hunter2@a.b":   "without a user",
		"https://a.b/#hunter2":       "without a user and a fragment",
		"https://a.b/?key=hunter2":   "there is no such option",
		"https://a.b/?origins=x":     "want http://host",
		"ftp://a.b/":                 "want fixed, http, https or file",
		"https://a.b/?concurrency=x": "want a whole number",
	} {
		r, err := resolve.Open(target, o)
		if r != nil || err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, %v, want %q in it", target, r, err, want)
		}
	}
}
