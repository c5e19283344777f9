package smtp

// authScripts are those of clients routed by their user. The responses are
// PLAIN's \0Alice@Tenant.Example\0pw and \0bob\0pw, and LOGIN's
// carol@tenant.example with pw.
func authScripts() []script {
	byAuth := Options{RouteBy: RouteByAUTH, Capabilities: []string{}}
	const hello = `
		c: 220 localhost ESMTP
		C: EHLO client.example
		c: 250-localhost
		c: 250 AUTH PLAIN LOGIN`
	const opened = `
		B: 220 backend
		b: EHLO client.example
		B: 250-backend
		B: 250 AUTH PLAIN LOGIN`
	begins := func(name, rest string) script {
		return script{name: name, options: byAuth, text: hello + rest}
	}
	return []script{
		begins("AUTH PLAIN at once", `
			C: AUTH PLAIN AEFsaWNlQFRlbmFudC5FeGFtcGxlAHB3
			route tenant.example`+opened+`
			b: AUTH PLAIN AEFsaWNlQFRlbmFudC5FeGFtcGxlAHB3
			relay`),
		begins("AUTH PLAIN, a name with two domains", `
			C: AUTH PLAIN AGFAAHB3
			c: 501 5.5.2 Cannot decode the response
			C: AUTH PLAIN AGFAYkBUZW5hbnQuRXhhbXBsZQBwdw==
			route tenant.example`),
		begins("AUTH PLAIN asked", `
			C: auth plain
			c: 334 \
			c:
			C: AGJvYgBwdw==
			route bob`+opened+`
			b: auth plain
			B: 334 \
			B:
			b: AGJvYgBwdw==
			relay`),
		begins("AUTH LOGIN", `
			C: AUTH LOGIN
			c: 334 VXNlcm5hbWU6
			C: Y2Fyb2xAdGVuYW50LmV4YW1wbGU=
			route tenant.example`+opened+`
			b: AUTH LOGIN
			B: 334 VXNlcm5hbWU6
			b: Y2Fyb2xAdGVuYW50LmV4YW1wbGU=
			relay
			B: 334 UGFzc3dvcmQ6
			c: 334 UGFzc3dvcmQ6`),
		begins("AUTH LOGIN with the user at once", `
			C: AUTH LOGIN Y2Fyb2xAdGVuYW50LmV4YW1wbGU=
			route tenant.example`+opened+`
			b: AUTH LOGIN Y2Fyb2xAdGVuYW50LmV4YW1wbGU=
			relay`),
		begins("AUTH, the backend has none", `
			C: AUTH LOGIN
			c: 334 VXNlcm5hbWU6
			C: Y2Fyb2xAdGVuYW50LmV4YW1wbGU=
			route tenant.example`+opened+`
			b: AUTH LOGIN
			B: 503 5.5.1 not here
			c: 503 5.5.1 not here
			relay`),
		begins("AUTH, mistakes", `
			C: MAIL FROM:<a@b>
			c: 530 5.7.0 Authentication required
			C: RCPT TO:<a@b>
			c: 530 5.7.0 Authentication required
			C: AUTH CRAM-MD5
			c: 504 5.5.4 Unrecognized authentication type
			C: AUTH
			c: 504 5.5.4 Unrecognized authentication type
			C: AUTH PLAIN
			c: 334 \
			c:
			C: *
			c: 501 5.7.0 Authentication cancelled
			C: AUTH PLAIN !
			c: 501 5.5.2 Cannot decode the response
			C: AUTH PLAIN YWJj
			c: 501 5.5.2 Cannot decode the response
			C: AUTH PLAIN =
			c: 501 5.5.2 Cannot decode the response
			C: QUIT
			c: 221 2.0.0 localhost closing connection
			close`),
		{name: "AUTH after HELO", options: byAuth, text: `
			c: 220 localhost ESMTP
			C: HELO client.example
			c: 250 localhost
			C: AUTH PLAIN AGJvYgBwdw==
			c: 503 5.5.1 Send EHLO first
			C: DATA
			c: 530 5.7.0 Authentication required`},
		{name: "AUTH within TLS", options: Options{RouteBy: RouteByAUTH, TLS: TLSOffered, Capabilities: []string{}}, text: `
			c: 220 localhost ESMTP
			C: EHLO client.example
			c: 250-localhost
			c: 250 STARTTLS
			C: AUTH PLAIN AGJvYgBwdw==
			c: 538 5.7.11 Encryption required for authentication
			C: STARTTLS
			c: 220 2.0.0 Ready to start TLS
			tls x
			C: EHLO client.example
			c: 250-localhost
			c: 250 AUTH PLAIN LOGIN
			C: AUTH PLAIN AGJvYgBwdw==
			route bob`},
	}
}
