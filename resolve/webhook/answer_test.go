package webhook

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
)

func TestParseReply(t *testing.T) {
	tests := []struct {
		in   string
		want resolve.Result
	}{
		{fullAnswer, fullResult},
		{`{"endpoint": "a:1"}`, resolve.Result{Endpoint: "a:1", Others: []string{}}},
		{`{"endpoints": ["a:1", "b:1"], "balance": "", "state": ""}`, resolve.Result{Endpoint: "a:1", Others: []string{"b:1"}}},
		{`{"endpoint": "a:1", "timeout": 0.25, "ttl": "-1s"}`, resolve.Result{Endpoint: "a:1", Others: []string{}, Timeout: 250 * time.Millisecond, TTL: -time.Second}},
	}
	for _, tt := range tests {
		r, err := parseReply([]byte(tt.in))
		if err != nil {
			t.Errorf("%s: %v", tt.in, err)
			continue
		}
		if got, err := r.result(); err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %+v, %v, want %+v", tt.in, got, err, tt.want)
		}
	}
}

func TestParseReplyRefuses(t *testing.T) {
	tests := []struct{ in, want string }{
		{`{}`, "no endpoint"},
		{``, "malformed JSON"},
		{`[]`, "isn't of type"},
		{`{"endpoint": "a:1"} x`, "behind the JSON object"},
		{`{"endpoint": "a:1"}{}`, "behind the JSON object"},
		{`{"endpoint": "a"}`, "isn't host:port"},
		{`{"endpoint": 1}`, `field "endpoint" isn't of type string`},
		{`{"endpoints": ["a:1", ""]}`, "isn't host:port"},
		{`{"endpoint": "a:1", "endpoints": ["` + strings.Repeat(`a:1","`, 15) + `a:1"]}`, "17 endpoints are more than 16"},
		{`{"endpoint": "a:1", "balance": "random"}`, "unknown way to balance"},
		{`{"endpoint": "a:1", "state": "asleep"}`, "unknown state"},
		{`{"endpoint": "a:1", "timeout": 0}`, "isn't positive"},
		{`{"endpoint": "a:1", "timeout": "soon"}`, "want a time"},
		{`{"endpoint": "a:1", "ttl": null}`, "want a time"},
		{`{"endpoint": "a:1", "drain": "later"}`, "want a time"},
		{`{"endpoint": "a:1", "ttl": 1e300}`, "want a time"},
		{`{"endpoint": "a:1", "ttl": [1]}`, "want a time"},
		{`{"endpoint": "a:1", "wake": "file:///etc/passwd"}`, "wake: want an http or https URL"},
		{`{"endpoint": "a:1", "max_sessions": -1}`, "want a whole number"},
		{`{"endpoint": "a:1", "session_rate": 2147483648}`, "want a whole number"},
		{`{"endpoint": "a:1", "max_sessions": 1.5}`, "isn't of type"},
		{`{"endpoint": "a:1", "retries": 1}`, `unknown field "retries"`},
	}
	for _, tt := range tests {
		r, err := parseReply([]byte(tt.in))
		if err == nil {
			_, err = r.result()
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q in it", tt.in, err, tt.want)
		}
	}
}

// TestFaultsHideValues: metadata may hold passwords.
func TestFaultsHideValues(t *testing.T) {
	for _, in := range []string{
		`{"endpoint": "a:1", "metadata": {"password": ["hunter2"]}}`,
		`{"endpoint": "a:1", "metadata": {"password": "hunter2}`,
		`{"endpoint": "a:1", "metadata": "hunter2"}`,
		`{"endpoint": "a:1", "timeout": "hunter2"}`,
		`{"endpoint": "a:1", "wake": "hunter2"}`,
		`hunter2`,
	} {
		r, err := parseReply([]byte(in))
		if err == nil {
			_, err = r.result()
		}
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", in, err)
		}
	}
}

// FuzzAnswer: whatever the answer, it is either a Result that is valid, and the same
// when it is written down and read again, or a *resolve.Error whose text is one of
// the messages.
func FuzzAnswer(f *testing.F) {
	o := Options{Messages: map[string]string{"suspended": "This project is paused."}}
	f.Add(200, []byte(fullAnswer))
	f.Add(200, []byte(`{"endpoints": ["[::1]:1"], "ttl": -0.5}`))
	f.Add(200, []byte(`{"kind": "timeout", "message_key": "suspended", "retry_after": "1h", "ttl": 1e3}`))
	f.Add(503, []byte(`{"message_key": "paused", "retry_after": 1e9}`))
	f.Add(404, []byte("<html>"))
	f.Add(302, []byte(`{"kind": "forbidden"} {}`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		res, err := o.result(answer{status: status, body: body})
		if err != nil {
			checkRefusal(t, err)
			return
		}
		for _, endpoint := range append([]string{res.Endpoint}, res.Others...) {
			if _, _, err := resolve.ParseEndpoint(endpoint); err != nil {
				t.Error(err)
			}
		}
		if status != 200 || res.Timeout < 0 || res.MaxSessions < 0 || res.SessionRate < 0 || len(res.Others) > resolve.MaxOthers {
			t.Errorf("status %d, %q gives %+v", status, body, res)
		}
		again, err := o.result(answer{status: 200, body: encode(t, res)})
		if err != nil || !reflect.DeepEqual(res, again) {
			t.Errorf("%q gives %+v, then %+v, %v", body, res, again, err)
		}
	})
}

func checkRefusal(t *testing.T, err error) {
	refused, ok := err.(*resolve.Error)
	if !ok || refused.RetryAfter < 0 || refused.RetryAfter > maxRetry || refused.Text != "" && refused.Text != "This project is paused." {
		t.Errorf("refused with %+v", err)
	}
}

func encode(t *testing.T, res resolve.Result) []byte {
	fields := map[string]any{
		"endpoints": append([]string{res.Endpoint}, res.Others...), "balance": res.Balance.String(), "state": res.State.String(),
		"ttl": res.TTL.String(), "drain": res.Drain.String(), "wake": res.Wake, "max_sessions": res.MaxSessions, "session_rate": res.SessionRate,
	}
	if res.Timeout > 0 {
		fields["timeout"] = res.Timeout.String()
	}
	if res.Metadata != nil {
		fields["metadata"] = res.Metadata
	}
	body, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return body
}
