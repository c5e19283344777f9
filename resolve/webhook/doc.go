// Package webhook is the resolver that asks a web service, and the hook that has
// one start what sleeps.
//
// A question is one POST, without a redirect followed and without a proxy:
//
//	POST /resolve HTTP/1.1
//	Content-Type: application/json
//	Authorization: Bearer <token>              with a token
//	X-Proxy-Timestamp: 1767225600              with a key: Unix time in seconds, and
//	X-Proxy-Signature: v1=<64 hex digits>      HMAC-SHA256(key, timestamp "." body)
//
//	{"event": "resolve", "protocol": "postgresql", "resource": "orders",
//	 "client": "203.0.113.9:50112", "server_name": "orders.db.example",
//	 "identity": {"subject": "CN=app", "common_name": "app", "fingerprint": "..."}}
//
// What isn't known is left out. The same question may come twice. A service that
// checks signatures should refuse timestamps that are minutes off. The answer is
// 200 with what resolve.Result has; one of endpoint and endpoints is required:
//
//	{"endpoint": "10.0.0.7:5432", "endpoints": ["10.0.0.8:5432"],
//	 "balance": "least-sessions", "metadata": {"database": "main"},
//	 "timeout": "5s", "ttl": 60, "state": "cold", "wake": "https://api.internal/wake",
//	 "drain": "30s", "max_sessions": 100, "session_rate": 10}
//
// Times are text in Go's notation ("1m30s") or a number of seconds; a negative ttl
// forbids reuse, which an answer needs that depends on anything but protocol and
// resource. Unknown fields are faults.
//
// Or it is an error, by its status, by its body, or both:
//
//	403 {"kind": "forbidden", "message_key": "suspended", "retry_after": 30, "ttl": "5s"}
//
// The kinds are those of resolve.Kind: not_found (404), forbidden (403), unavailable
// (503), timeout (504) and internal (500). 429 and 502 count as unavailable, any
// other status as internal. A kind in the body overrides the status; all fields
// may be left out, and so may the body. What clients are told is looked up under
// message_key in Options.Messages, no text of the service's ever reaches one.
//
// A wake hook is the same with another body, and any 2xx says that it is under way:
//
//	{"event": "wake", "protocol": "postgresql", "resource": "orders",
//	 "endpoint": "10.0.0.7:5432", "wake": "https://api.internal/wake",
//	 "metadata": {"database": "main"}}
//
// The URLs of both are the operator's or come from the operator's own resolver: the
// address guard isn't applied to them. Options.Origins restricts those to wake by.
package webhook
