package smtp

import "github.com/proxy-engine/proxy-engine/codecs"

// helloScripts are those of clients routed by their hello.
func helloScripts() []script {
	return []script{
		{name: "ehlo", text: `
			c: 220 localhost ESMTP
			C: EHLO Mail.Example.COM
			route mail.example.com
			B: 220-backend
			B: 220 ready
			b: EHLO Mail.Example.COM
			B: 250-backend
			B: 250-STARTTLS
			B: 250 SIZE
			c: 250-backend
			c: 250-STARTTLS
			c: 250 SIZE
			relay`},
		{name: "helo", options: Options{Name: "mx.example"}, text: `
			c: 220 mx.example ESMTP
			C: helo example.com
			route example.com
			B: 220 backend
			b: helo example.com
			B: 250 backend
			c: 250 backend
			relay`},
		{name: "ehlo with what follows", text: `
			c: 220 localhost ESMTP
			C: EHLO example.com
			C: MAIL FROM:<a@b>
			route example.com
			B: 220 backend
			b: EHLO example.com
			B: 250 backend
			c: 250 backend
			b: MAIL FROM:<a@b>
			relay`},
		{name: "before the hello", text: `
			c: 220 localhost ESMTP
			C: NOOP
			c: 250 2.0.0 Ok
			C: noop a string
			c: 250 2.0.0 Ok
			C: RSET
			c: 250 2.0.0 Ok
			C: RSET now
			c: 501 5.5.4 Wrong arguments
			C: VRFY root
			c: 252 2.5.0 Cannot verify the user, but will try to deliver
			C: HELP
			c: 214 2.0.0 See RFC 5321
			C: EXPN all
			c: 502 5.5.1 Command not implemented
			C: MAIL FROM:<a@b>
			c: 503 5.5.1 Send EHLO first
			C: DATA
			c: 503 5.5.1 Send EHLO first
			C: AUTH PLAIN
			c: 503 5.5.1 Send EHLO first
			C: STARTTLS
			c: 502 5.5.1 Command not implemented
			C: EHLO
			c: 501 5.5.4 A host name is wanted
			C: QUIT
			c: 221 2.0.0 localhost closing connection
			close`},
		{name: "odd names", text: `
			c: 220 localhost ESMTP
			C: EHLO two words
			c: 501 5.5.4 A host name is wanted
			C: EHLO [IPv6:2001:DB8::1]  \
			C:
			route [ipv6:2001:db8::1]
			B: 220 backend
			b: EHLO [IPv6:2001:DB8::1]  \
			b:
			B: 250 backend
			c: 250 backend
			relay`},
		{name: "TLS offered and taken", options: Options{TLS: TLSOffered}, text: `
			c: 220 localhost ESMTP
			C: EHLO first.example
			c: 250-localhost
			c: 250-PIPELINING
			c: 250-8BITMIME
			c: 250-ENHANCEDSTATUSCODES
			c: 250 STARTTLS
			C: STARTTLS
			c: 220 2.0.0 Ready to start TLS
			tls anything.example
			C: MAIL FROM:<a@b>
			c: 503 5.5.1 Send EHLO first
			C: STARTTLS
			c: 503 5.5.1 TLS is active already
			C: EHLO second.example
			route second.example
			B: 220 backend
			b: EHLO second.example
			B: 250-backend
			B: 250-STARTTLS
			B: 250 SIZE
			c: 250-backend
			c: 250 SIZE
			relay`},
		{name: "TLS offered and not taken", options: Options{TLS: TLSOffered}, text: `
			c: 220 localhost ESMTP
			C: HELO first.example
			c: 250 localhost
			C: STARTTLS
			c: 503 5.5.1 Send EHLO first
			C: MAIL FROM:<a@b>
			route first.example
			B: 220 backend
			b: HELO first.example
			B: 250 backend
			b: MAIL FROM:<a@b>
			relay`},
		{name: "TLS required", options: Options{TLS: TLSRequired}, text: `
			c: 220 localhost ESMTP
			C: HELO a.example
			c: 530 5.7.0 Must issue a STARTTLS command first
			C: EHLO a.example
			c: 250-localhost
			c: 250-PIPELINING
			c: 250-8BITMIME
			c: 250-ENHANCEDSTATUSCODES
			c: 250 STARTTLS
			C: MAIL FROM:<a@b>
			c: 530 5.7.0 Must issue a STARTTLS command first
			C: RSET
			c: 530 5.7.0 Must issue a STARTTLS command first
			C: NOOP
			c: 250 2.0.0 Ok
			C: STARTTLS now
			c: 501 5.5.4 Wrong arguments
			C: STARTTLS
			c: 220 2.0.0 Ready to start TLS
			tls x.example
			C: EHLO a.example
			route a.example`},
		{name: "SNI", options: Options{TLS: TLSOffered, RouteBy: RouteBySNI}, text: `
			c: 220 localhost ESMTP
			C: EHLO a.example
			c: 250-localhost
			c: 250-PIPELINING
			c: 250-8BITMIME
			c: 250-ENHANCEDSTATUSCODES
			c: 250 STARTTLS
			C: RCPT TO:<a@b>
			c: 530 5.7.0 Must issue a STARTTLS command first
			C: STARTTLS
			c: 220 2.0.0 Ready to start TLS
			tls Tenant.Example
			C: EHLO a.example
			route tenant.example`},
		{name: "SNI, TLS implicit", options: Options{TLS: TLSImplicit, RouteBy: RouteBySNI}, text: `
			c: 220 localhost ESMTP
			C: EHLO a.example
			route implicit.example
			B: 220 backend
			b: EHLO a.example
			B: 250-backend
			B: 250 STARTTLS
			c: 250 backend
			relay`},
		{name: "no SNI", options: Options{TLS: TLSRequired, RouteBy: RouteBySNI}, text: `
			c: 220 localhost ESMTP
			C: EHLO a
			c: 250-localhost
			c: 250-PIPELINING
			c: 250-8BITMIME
			c: 250-ENHANCEDSTATUSCODES
			c: 250 STARTTLS
			C: STARTTLS
			c: 220 2.0.0 Ready to start TLS
			tls
			C: EHLO a.example
			c: 550 5.1.2 the TLS handshake has named no host
			fail`},
		{name: "backend's leg encrypted, HELO", tls: codecs.RequireTLS, text: `
			c: 220 localhost ESMTP
			C: HELO a.example
			route a.example
			B: 220 backend
			b: EHLO a.example
			B: 250-backend
			B: 250 starttls
			b: STARTTLS
			B: 220 go
			btls
			b: EHLO a.example
			B: 250 backend
			b: HELO a.example
			B: 250 hello
			c: 250 hello
			relay`},
	}
}
