package redis

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// hash makes a map of "name=value" lines.
func hash(lines ...string) map[string]string {
	fields := make(map[string]string)
	for _, line := range lines {
		name, value, _ := strings.Cut(line, "=")
		fields[name] = value
	}
	return fields
}

func TestRecord(t *testing.T) {
	for _, tt := range []struct {
		fields map[string]string
		want   resolve.Result
	}{
		{hash("endpoint=10.0.0.7:5432"), resolve.Result{Endpoint: "10.0.0.7:5432"}},
		{hash("endpoint=a:1, b:2,[::1]:3", "balance=least-sessions"),
			resolve.Result{Endpoint: "a:1", Others: []string{"b:2", "[::1]:3"}, Balance: resolve.LeastSessions}},
		{hash("endpoint=a:1", "state=cold", "wake=publish"), resolve.Result{Endpoint: "a:1", State: resolve.Cold, Wake: "publish"}},
		{hash("endpoint=a:1", "state=draining", "wake=https://w.example/x", "drain=30s"),
			resolve.Result{Endpoint: "a:1", State: resolve.Draining, Drain: 30 * time.Second, Wake: "https://w.example/x"}},
		{hash("endpoint=a:1", "state=ready", "timeout=500ms", "ttl=-1s", "max_sessions=10", "session_rate=5"),
			resolve.Result{Endpoint: "a:1", Timeout: 500 * time.Millisecond, TTL: -time.Second, MaxSessions: 10, SessionRate: 5}},
		{hash("endpoint=a:1", "tls=verify-full", "tls_server_name=db", "metadata.database=main", `metadata={"plan":"free"}`),
			resolve.Result{Endpoint: "a:1", Metadata: map[string]string{"tls": "verify-full", "tls_server_name": "db", "database": "main", "plan": "free"}}},
		{hash("endpoint=a:1", "metadata={}", "wake="), resolve.Result{Endpoint: "a:1"}},
	} {
		if got, err := parseRecord(tt.fields); err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%v:\n%+v, %v, want\n%+v", tt.fields, got, err, tt.want)
		}
	}
}

func TestRecordFaults(t *testing.T) {
	for _, tt := range []struct {
		field, want string
	}{
		{"endpoint=", "endpoint"},
		{"endpoint=10.0.0.7", "host:port"},
		{"endpoint=a:1,", "host:port"},
		{"endpoint=" + strings.Repeat("a:1,", 16) + "a:1", "17 endpoints"},
		{"balance=random", "balance"},
		{"state=asleep", "want ready, cold"},
		{"timeout=5", "unit"},
		{"timeout=-5s", "negative"},
		{"ttl=soon", "unit"},
		{"drain=30", "unit"},
		{"wake=publish:", "want \"publish\""},
		{"wake=ftp://x/", "want \"publish\""},
		{"wake=https:///x", "want \"publish\""},
		{"max_sessions=-1", "whole number"},
		{"session_rate=4294967296", "whole number"},
		{"metadata=[]", "JSON object"},
		{`metadata={"a":1}`, "JSON object"},
		{`metadata={"a":{}}`, "JSON object"},
		{`metadata={"a":"1"} x`, "JSON object"},
		{`metadata={"a":"1"`, "JSON object"},
		{`metadata={"a":"1","a":"2"}`, "twice"},
		{`metadata={"extra":"1"}`, "twice"},
		{"metadata.=x", "name"},
		{"endpiont=a:1", "unknown"},
		{"metadata.big=" + strings.Repeat("x", maxValue+1), "more than"},
	} {
		fields := hash("endpoint=a:1", "metadata.extra=s3cret", tt.field)
		_, err := parseRecord(fields)
		if resolve.KindOf(err) != resolve.Internal || err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%.60s: %v, want an Internal error about %q", tt.field, err, tt.want)
		}
		if name, _, _ := strings.Cut(tt.field, "="); err != nil && !strings.Contains(err.Error(), name) && !strings.Contains(err.Error(), "metadata") {
			t.Errorf("%.60s: %v doesn't name the field", tt.field, err)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%.60s: %v quotes a value", tt.field, err)
		}
	}
}

func TestRecordBlocked(t *testing.T) {
	for _, fields := range []map[string]string{hash("state=blocked"), hash("endpoint=a:1", "state=blocked")} {
		if _, err := parseRecord(fields); resolve.KindOf(err) != resolve.Forbidden {
			t.Errorf("%v: %v, want Forbidden", fields, err)
		}
	}
}

func TestRecordTooManyFields(t *testing.T) {
	fields := hash("endpoint=a:1")
	for i := range maxFields {
		fields["metadata."+strconv.Itoa(i)] = ""
	}
	if _, err := parseRecord(fields); resolve.KindOf(err) != resolve.Internal {
		t.Errorf("%d fields: %v", len(fields), err)
	}
	var all strings.Builder
	for i := range maxFields + 1 {
		fmt.Fprintf(&all, `,"%d":""`, i)
	}
	if _, err := parseRecord(hash("endpoint=a:1", "metadata={"+all.String()[1:]+"}")); resolve.KindOf(err) != resolve.Internal {
		t.Errorf("%d entries in one field: %v", maxFields+1, err)
	}
}

// written is the hash of a Result.
func written(t *testing.T, res resolve.Result) map[string]string {
	t.Helper()
	metadata, err := json.Marshal(res.Metadata)
	if err != nil {
		t.Fatal(err)
	}
	fields := hash("endpoint="+strings.Join(append([]string{res.Endpoint}, res.Others...), ","),
		"balance="+res.Balance.String(), "timeout="+res.Timeout.String(), "ttl="+res.TTL.String(), "drain="+res.Drain.String(), "wake="+res.Wake,
		"max_sessions="+strconv.Itoa(res.MaxSessions), "session_rate="+strconv.Itoa(res.SessionRate),
		"state="+res.State.String())
	if res.Metadata != nil {
		fields["metadata"] = string(metadata)
	}
	return fields
}

// FuzzRecord: a hash is either refused, as Internal or Forbidden, or what comes
// of it is within all bounds and the same when it is written and read again.
func FuzzRecord(f *testing.F) {
	f.Add("endpoint=a:1,b:2\nbalance=first\nstate=cold\nwake=publish:x")
	f.Add("endpoint=[::1]:5432\nmetadata={\"a\":\"b\"}\nmetadata.c=d\ntls=prefer")
	f.Add("endpoint=a:1\nttl=-1s\ntimeout=1h\nmax_sessions=7\nsession_rate=0")
	f.Add("state=blocked")
	f.Fuzz(func(t *testing.T, text string) {
		res, err := parseRecord(hash(strings.Split(text, "\n")...))
		if err != nil {
			if k := resolve.KindOf(err); k != resolve.Internal && k != resolve.Forbidden {
				t.Fatalf("an error of kind %v", k)
			}
			return
		}
		if len(res.Others) > resolve.MaxOthers || len(res.Metadata) > maxFields || min(res.MaxSessions, res.SessionRate) < 0 || res.Timeout < 0 {
			t.Fatalf("out of bounds: %+v", res)
		}
		for _, endpoint := range append([]string{res.Endpoint}, res.Others...) {
			if _, _, err := resolve.ParseEndpoint(endpoint); err != nil {
				t.Fatal(err)
			}
		}
		for _, value := range res.Metadata {
			if strings.ToValidUTF8(value, "") != value {
				return // JSON has no way to write it
			}
		}
		for key := range res.Metadata {
			if strings.ToValidUTF8(key, "") != key {
				return
			}
		}
		fields := written(t, res)
		if len(fields["metadata"]) > maxValue {
			return
		}
		again, err := parseRecord(fields)
		if err != nil || !reflect.DeepEqual(again, res) {
			t.Fatalf("%+v\nis read again as\n%+v, %v", res, again, err)
		}
	})
}
