package smtp

import "github.com/proxy-engine/proxy-engine/codecs"

// backendScripts are those of backends that aren't like the others.
func backendScripts() []script {
	byRcpt := Options{RouteBy: RouteByRCPT, Capabilities: []string{}}
	xclient := Options{ClientHeader: XClient}
	const hello = `
		c: 220 localhost ESMTP
		C: EHLO a.example
		route a.example`
	const rcpt = `
		c: 220 localhost ESMTP
		C: HELO a.example
		c: 250 localhost
		C: MAIL FROM:<>
		c: 250 2.1.0 Ok
		C: RCPT TO:<b@b.example>
		route b.example`
	return []script{
		{name: "greeting refused", text: hello + `
			B: 554-no
			B: 554 service
			c: 554-no
			c: 554 service
			fail`},
		{name: "greeting refused, rcpt", options: byRcpt, text: rcpt + `
			B: 421 busy
			c: 421 busy
			fail`},
		{name: "no greeting", text: hello + `
			B: HTTP/1.1 400 Bad Request
			c: 421 4.3.2 the server's answer can't be understood
			fail`},
		{name: "odd greeting", text: hello + `
			B: 250 fine
			c: 421 4.3.2 the server's answer can't be understood
			fail`},
		{name: "codes that differ", text: hello + `
			B: 220-a
			B: 250 b
			c: 421 4.3.2 the server's answer can't be understood
			fail`},
		{name: "EHLO refused", text: hello + `
			B: 220 backend
			b: EHLO a.example
			B: 502 what?
			c: 502 what?
			relay`},
		{name: "HELO refused, rcpt", options: byRcpt, text: rcpt + `
			B: 220 backend
			b: HELO a.example
			B: 550 you?
			c: 550 you?
			fail`},
		{name: "RCPT refused", options: byRcpt, text: rcpt + `
			B: 220 backend
			b: HELO a.example
			B: 250 backend
			b: MAIL FROM:<>
			B: 250 sender
			b: RCPT TO:<b@b.example>
			B: 550 who?
			c: 550 who?
			stand`},
		{name: "MAIL answered oddly", options: byRcpt, text: rcpt + `
			B: 220 backend
			b: HELO a.example
			B: 250 backend
			b: MAIL FROM:<>
			B: 354 go
			c: 421 4.3.2 the server's answer can't be understood
			fail`},
		{name: "TLS preferred and had", tls: codecs.PreferTLS, text: hello + `
			B: 220 backend
			b: EHLO a.example
			B: 250-backend
			B: 250-STARTTLS
			B: 250 DSN
			b: STARTTLS
			B: 220 go
			btls
			b: EHLO a.example
			B: 250-backend
			B: 250 DSN
			c: 250-backend
			c: 250 DSN
			relay`},
		{name: "TLS preferred and not had", tls: codecs.PreferTLS, text: hello + `
			B: 220 backend
			b: EHLO a.example
			B: 250 backend
			c: 250 backend
			relay`},
		{name: "TLS preferred and refused", tls: codecs.PreferTLS, text: hello + `
			B: 220 backend
			b: EHLO a.example
			B: 250-backend
			B: 250 STARTTLS
			b: STARTTLS
			B: 454 not now
			b: EHLO a.example
			B: 250-backend
			B: 250 STARTTLS
			c: 250-backend
			c: 250 STARTTLS
			relay`},
		{name: "TLS required and not had", tls: codecs.RequireTLS, text: hello + `
			B: 220 backend
			b: EHLO a.example
			B: 250 backend
			c: 421 4.3.2 the server doesn't offer the encryption it must have
			fail`},
		{name: "TLS required and refused", tls: codecs.RequireTLS, text: hello + `
			B: 220 backend
			b: EHLO a.example
			B: 250-backend
			B: 250 STARTTLS
			b: STARTTLS
			B: 454 not now
			c: 421 4.3.2 the server doesn't offer the encryption it must have
			fail`},
		{name: "TLS required, EHLO refused", tls: codecs.RequireTLS, text: hello + `
			B: 220 backend
			b: EHLO a.example
			B: 502 what?
			c: 421 4.3.2 the server doesn't offer the encryption it must have
			fail`},
		{name: "XCLIENT", options: xclient, tls: codecs.PreferTLS, text: hello + `
			B: 220 backend
			b: EHLO a.example
			B: 250-backend
			B: 250-STARTTLS
			B: 250 XCLIENT NAME ADDR PROTO HELO REVERSE_NAME PORT LOGIN
			b: STARTTLS
			B: 220 go
			btls
			b: EHLO a.example
			B: 250-backend
			B: 250 XCLIENT NAME ADDR PROTO HELO REVERSE_NAME PORT LOGIN
			b: XCLIENT NAME=[UNAVAILABLE] ADDR=192.0.2.1 PORT=40000 PROTO=ESMTP HELO=a.example
			B: 220 backend
			b: EHLO a.example
			B: 250 backend
			c: 250 backend
			relay`},
		{name: "XCLIENT, HELO and little to tell", options: xclient, text: `
			c: 220 localhost ESMTP
			C: HELO a+b
			route a+b
			B: 220 backend
			b: EHLO a+b
			B: 250-backend
			B: 250 XCLIENT ADDR HELO PROTO
			b: XCLIENT ADDR=192.0.2.1 PROTO=SMTP HELO=a+2Bb
			B: 220 backend
			b: EHLO a+b
			B: 250 backend
			b: HELO a+b
			B: 250 backend
			c: 250 backend
			relay`},
		{name: "XCLIENT not listed", options: xclient, text: hello + `
			B: 220 backend
			b: EHLO a.example
			B: 250 backend
			c: 451 4.3.0 the server doesn't take XCLIENT from here
			fail`},
		{name: "XCLIENT refused", options: xclient, text: hello + `
			B: 220 backend
			b: EHLO a.example
			B: 250-backend
			B: 250 XCLIENT ADDR
			b: XCLIENT ADDR=192.0.2.1
			B: 550 insufficient authorization
			c: 451 4.3.0 the server doesn't take XCLIENT from here
			fail`},
		{name: "XCLIENT, EHLO refused", options: xclient, text: hello + `
			B: 220 backend
			b: EHLO a.example
			B: 502 what?
			c: 451 4.3.0 the server doesn't take XCLIENT from here
			fail`},
	}
}
