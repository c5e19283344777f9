package main

import (
	"strings"
	"testing"
)

// TestValues takes each kind of value from text and back. A want of "" is a
// text that must be refused.
func TestValues(t *testing.T) {
	tests := []struct{ flag, text, want string }{
		{"skip-validation", "TRUE", "true"},
		{"skip-validation", "off", "false"},
		{"skip-validation", "maybe", ""},
		{"backlog", "10", "10"},
		{"backlog", "-1", ""},
		{"backlog", "1e3", ""},
		{"backlog", "4294967296", ""},
		{"cache-entries", "0", ""},
		{"read-buffer", "131072", "131072"},
		{"read-buffer", "64KiB", "65536"},
		{"read-buffer", "1 mib", "1048576"},
		{"read-buffer", "2048MiB", ""},
		{"read-buffer", "1GB", ""},
		{"read-buffer", "-1", ""},
		{"connect-timeout", "1m30s", "1m30s"},
		{"connect-timeout", "90", "1m30s"},
		{"connect-timeout", "1.5", "1.5s"},
		{"connect-timeout", "60s", "1m"},
		{"connect-timeout", "2h", "2h"},
		{"connect-timeout", "1h30m", "1h30m"},
		{"connect-timeout", "10m", "10m"},
		{"connect-timeout", "0", "0s"},
		{"connect-timeout", "-5s", ""},
		{"connect-timeout", "soon", ""},
		{"connect-timeout", "", ""},
		{"resolve-timeout", "0", ""},
		{"postgres", "5432", "0.0.0.0:5432"},
		{"postgres", ":5432", ":5432"},
		{"postgres", "[::]:0", "[::]:0"},
		{"postgres", "65536", ""},
		{"postgres", "localhost", ""},
		{"postgres", "::1:5432", ""},
		{"tcp", "a@1.2.3.4:5", "a@1.2.3.4:5"},
		{"tcp", "a@5", "a@0.0.0.0:5"},
		{"tcp", "@:5", ""},
		{"tcp", ":5", ":5"},
		{"tcp", "a@5?tls=passthrough", "a@0.0.0.0:5?tls=passthrough"},
		{"https", "1.2.3.4:5?backend-tls=verify-full&tls=require", "1.2.3.4:5?tls=require&backend-tls=verify-full"},
		{"postgres", "5?tls=maybe", ""},
		{"postgres", "5?color=red", ""},
		{"postgres", "5?backend-tls=always", ""},
		{"postgres", "5?backend-proxy-protocol=v2", "0.0.0.0:5?backend-proxy-protocol=v2"},
		{"postgres", "5?backend-proxy-protocol=2", ""},
		{"backend-proxy-protocol", "v1", "v1"},
		{"backend-proxy-protocol", "on", ""},
		{"proxy-protocol-from", "10.0.0.0/8", "10.0.0.0/8"},
		{"client-prefix", "24, 56", "24,56"},
		{"client-prefix", "0,0", "0,0"},
		{"client-prefix", "33,64", ""},
		{"client-prefix", "32,129", ""},
		{"client-prefix", "32", ""},
		{"smtp-client-header", "proxy-v1", "proxy-v1"},
		{"smtp-client-header", "proxy-v2", "proxy-v2"},
		{"smtp-client-header", "xclient", "xclient"},
		{"smtp-client-header", "none", "none"},
		{"smtp-client-header", "proxy-none", ""},
		{"smtp-client-header", "proxy-v3", ""},
		{"route-by", "sni", "sni"},
		{"route-by", "host", ""},
		{"tls", "true", "on"},
		{"tls", "no", "off"},
		{"tls", "Require", "require"},
		{"tls", "allow", ""},
		{"tls-min-version", "1.3", "1.3"},
		{"tls-min-version", "1.1", ""},
		{"tls-ciphers", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
		{"tls-ciphers", "TLS_RSA_WITH_RC4_128_SHA", ""},
		{"backend-tls", "verify-ca", "verify-ca"},
		{"tcp-backend", "db.example:5432", "db.example:5432"},
		{"tcp-backend", "db.example", ""},
		{"tcp-backend", "db.example:0", ""},
		{"resource-pattern", "^db-([a-z]+)", "^db-([a-z]+)"},
		{"resource-pattern", "^db-", ""},
		{"resource-pattern", "(a)(b)", ""},
		{"resource-pattern", "(", ""},
		{"resolver", "fixed://a:1", "fixed://a:1"},
		{"resolver", "redis://user:secret@host:6379", "redis://user:xxxxx@host:6379"},
		{"resolver", "redis://user:secret@ho st", "(not a URL)"},
		{"resolver", "mysql=redis://user:secret@host:6379", "mysql=redis://user:xxxxx@host:6379"},
		{"resolver", "https://a.b?token-env=X", "https://a.b?token-env=X"},
		{"resolver", "oracle=fixed://a:1", ""},
		{"resolver", "mysql=", ""},
		{"wake-hook", "https://a.b/wake", "https://a.b/wake"},
		{"wake-hook", "https://user:secret@a.b/wake", ""},
		{"wake-hook", "publish", ""},
		{"resolver", "", ""},
		{"allow-cidr", "10.0.0.0/8", "10.0.0.0/8"},
		{"allow-cidr", "10.0.0.1", "10.0.0.1/32"},
		{"allow-cidr", "fd00::/8", "fd00::/8"},
		{"allow-cidr", "10.0.0.1/8", ""},
		{"allow-cidr", "", ""},
		{"http-max-body", "0", "0"},
		{"http-max-body", "10GiB", "10737418240"},
		{"http-max-body", "1TiB", ""},
		{"http-max-body", "9223372036854775808", ""},
		{"http-max-head", "1GiB", "1073741824"},
		{"http-max-head", "2GiB", ""},
		{"http-max-head", "0", ""},
		{"http-max-fields", "0", ""},
		{"http-direct-status", "503", "503"},
		{"http-direct-status", "101", ""},
		{"http-direct-status", "600", ""},
		{"http-direct-status", "teapot", ""},
		{"http-direct-response", "", ""},
		{"http-host-header", "backend", "backend"},
		{"http-host-header", "preserve", "preserve"},
		{"http-host-header", "client", ""},
		{"http-trust", "10.0.0.1", "10.0.0.1/32"},
		{"http-trust", "proxy", ""},
		{"http-fixed-backend", "10.0.0.1:80", "10.0.0.1:80"},
		{"http-fixed-backend", "http://a", ""},
		{"http-keepalive-timeout", "75", "1m15s"},
		{"http-server-mode", "base", "base"},
		{"http-server-mode", "thread", ""},
		{"impl", "swoole", "reactor"},
		{"impl", "coroutine", "goroutine"},
		{"impl", "threads", ""},
		{"log-level", "WARN", "warn"},
		{"log-level", "loud", ""},
		{"log-format", "json", "json"},
		{"log-format", "xml", ""},
	}
	for _, tt := range tests {
		row := newTable(defaults()).flag(tt.flag)
		err := row.value.Set(tt.text)
		if (err != nil) != (tt.want == "") {
			t.Errorf("%s %q: error %v", tt.flag, tt.text, err)
			continue
		}
		if got := row.value.String(); err == nil && got != tt.want {
			t.Errorf("%s %q: got %q, want %q", tt.flag, tt.text, got, tt.want)
		}
	}
}

func TestPasswordsStayHidden(t *testing.T) {
	r := runWith([]string{"PROXY_RESOLVER=redis://user:secret@host:6379"}, "--print-config")
	if strings.Contains(r.stdout+r.stderr, "secret") {
		t.Errorf("the password is shown:\n%s%s", r.stdout, r.stderr)
	}
}

// Nor is a secret shown of a URL that is refused, or that a service gives a meaning to.
func TestSecretsOfURLs(t *testing.T) {
	for _, text := range []string{
		"user:SECRET@host", "user:SECRET@host:1", "redis:user:SECRET@host", "://user:SECRET@host", "redis://user:%zzSECRET@host",
		"redis://user:SECRET words@host", "http://host:SECRET@", "https://SECRET@host", "https://host/x?token=SECRET", "redis://host#SECRET",
		"redis+sentinel://user:SECRET@host/master?sentinel_password=SECRET", "smoke=redis://user:SECRET@host",
	} {
		for _, flag := range []string{"--resolver", "--wake-hook"} {
			for _, what := range []string{"--check", "--print-config"} {
				r := runWith(nil, what, flag, text)
				if strings.Contains(strings.ToUpper(r.stdout+r.stderr), "SECRET") {
					t.Errorf("%s %s %s:\n%s%s", what, flag, text, r.stdout, r.stderr)
				}
			}
		}
	}
	const shown = "https://host/x?token-env=NAME&timeout=2s"
	if got := hideSecrets(shown); got != shown {
		t.Errorf("%s becomes %s", shown, got)
	}
}
