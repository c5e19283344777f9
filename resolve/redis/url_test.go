package redis

import (
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestParseURL(t *testing.T) {
	for _, tt := range []struct {
		url  string
		want Options
	}{
		{"redis://db.internal", Options{Addresses: []string{"db.internal:6379"}}},
		{"redis://u:p%40ss@db.internal:7000/3", Options{Addresses: []string{"db.internal:7000"}, Username: "u", Password: "p@ss", DB: 3}},
		{"redis://:secret@[::1]", Options{Addresses: []string{"[::1]:6379"}, Password: "secret"}},
		{"redis+unix:///run/redis.sock?db=2", Options{Addresses: []string{"/run/redis.sock"}, Unix: true, DB: 2}},
		{"redis+sentinel://a/routes/1?host=b:27000&sentinel_password=x", Options{
			Addresses: []string{"a:26379", "b:27000"}, Mode: Sentinel, Master: "routes", DB: 1, SentinelPassword: "x"}},
		{"redis+cluster://a?host=b&host=c:7002", Options{Addresses: []string{"a:6379", "b:6379", "c:7002"}, Mode: Cluster}},
		{"redis://a?key=t:{resource}&activity=-&purge_channel=p&wake_channel=w&instance=i&client_name=n&timeout=2s&connect_timeout=3s&activity_ttl=1h",
			Options{Addresses: []string{"a:6379"}, Key: "t:{resource}", Activity: "-", PurgeChannel: "p", WakeChannel: "w", Instance: "i", ClientName: "n",
				Timeout: 2 * time.Second, ConnectTimeout: 3 * time.Second, ActivityTTL: time.Hour}},
	} {
		u, err := url.Parse(tt.url)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ParseURL(u); err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s:\n%+v, %v, want\n%+v", tt.url, got, err, tt.want)
		}
	}
}

func TestParseURLWithTLS(t *testing.T) {
	u, err := url.Parse("rediss://a?server_name=redis.internal")
	if err != nil {
		t.Fatal(err)
	}
	o, err := ParseURL(u)
	if err != nil || o.TLS == nil || o.TLS.ServerName != "redis.internal" || o.TLS.InsecureSkipVerify {
		t.Fatalf("%+v, %v", o.TLS, err)
	}
}

func TestParseURLRefuses(t *testing.T) {
	for raw, want := range map[string]string{
		"memcached://a":                          "unknown scheme",
		"redis:a":                                "scheme://",
		"redis://a#b":                            "#",
		"redis://:s3cret@":                       "host",
		"redis://:s3cret@a/x":                    "database",
		"redis://:s3cret@a/1/2":                  "database",
		"redis://:s3cret@a?host=b":               "one address",
		"redis://:s3cret@a?ca=/x":                "unknown parameter",
		"redis://:s3cret@a?sentinel_password=x":  "unknown parameter",
		"redis://:s3cret@a?timeout=5":            "unit",
		"redis://:s3cret@a?timeout=1us":          "unit",
		"redis://:s3cret@a?key=":                 "one value",
		"redis://:s3cret@a?key=x&key=y":          "one value",
		"rediss://:s3cret@a?ca=/nonexistent":     "no such file",
		"rediss://:s3cret@a?cert=/nonexistent":   "go together",
		"rediss://:s3cret@a?cert=/n&cert_key=/n": "no such file",
		"redis+unix://a/b":                       "three slashes",
	} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		_, err = ParseURL(u)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v, want an error about %q", raw, err, want)
		}
	}
}

func TestOptionsRefused(t *testing.T) {
	for name, o := range map[string]Options{
		"no address":     {},
		"no master":      {Addresses: []string{"a:1"}, Mode: Sentinel},
		"cluster's DB":   {Addresses: []string{"a:1"}, Mode: Cluster, DB: 1},
		"unknown mode":   {Addresses: []string{"a:1"}, Mode: modes},
		"two sockets":    {Addresses: []string{"/a", "/b"}, Unix: true},
		"negative time":  {Addresses: []string{"a:1"}, Timeout: -1},
		"bad pattern":    {Addresses: []string{"a:1"}, Key: "x"},
		"bad activity":   {Addresses: []string{"a:1"}, Activity: "x"},
		"long instance":  {Addresses: []string{"a:1"}, Instance: strings.Repeat("i", maxInstance+1)},
		"negative DB":    {Addresses: []string{"a:1"}, DB: -1},
		"negative bound": {Addresses: []string{"a:1"}, MaxTracked: -1},
	} {
		if r, err := New(o); err == nil {
			t.Errorf("%s: no error", name)
			_ = r.Close()
		}
	}
}
