package smtp

import (
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// routedByRcpt is a session that stands, up to the first RCPT's answer.
const routedByRcpt = `
	c: 220 localhost ESMTP
	C: EHLO client.example
	c: 250-localhost
	c: 250 PIPELINING
	C: MAIL FROM:<a@b.example> SIZE=10
	c: 250 2.1.0 Ok
	C: RCPT TO:<User@Tenant.Example>
	route tenant.example
	B: 220 backend
	b: EHLO client.example
	B: 250-backend
	B: 250 CHUNKING
	b: MAIL FROM:<a@b.example> SIZE=10
	B: 250 2.1.0 sender fine
	b: RCPT TO:<User@Tenant.Example>
	B: 250 2.1.5 recipient fine
	c: 250 2.1.5 recipient fine
	stand`

// rcptScripts are those of clients routed by a recipient.
func rcptScripts() []script {
	byRcpt := Options{RouteBy: RouteByRCPT, Capabilities: []string{"PIPELINING"}}
	chunking := Options{RouteBy: RouteByRCPT, Capabilities: []string{"CHUNKING", "SMTPUTF8"}}
	stands := func(name, rest string) script {
		return script{name: name, options: byRcpt, text: routedByRcpt + rest}
	}
	return []script{
		stands("rcpt, a message", `
			C: RCPT TO:<other@TENANT.example>
			b: RCPT TO:<other@TENANT.example>
			B: 550 5.1.1 no such user
			c: 550 5.1.1 no such user
			C: DATA
			b: DATA
			B: 354 go
			c: 354 go
			C: Subject: x
			C:
			C: ..dot
			C: .dot. .
			C: last.
			C: .
			C: QUIT
			b: Subject: x
			b:
			b: ..dot
			b: .dot. .
			b: last.
			b: .
			b: QUIT
			B: 250 2.0.0 queued
			B: 221 2.0.0 bye
			c: 250 2.0.0 queued
			c: 221 2.0.0 bye
			close`),
		stands("rcpt, an empty message in one piece with its end", `
			C: DATA
			C: .
			C: QUIT
			b: DATA
			B: 354 go
			c: 354 go
			b: .
			b: QUIT
			B: 250 queued
			B: 221 bye
			c: 250 queued
			c: 221 bye
			close`),
		stands("rcpt, QUIT refused, and what is behind it", `
			C: QUIT
			C: NOOP
			b: QUIT
			B: 502 stay
			c: 502 stay
			b: NOOP
			B: 250 fine
			c: 250 fine
			C: QUIT
			C: NOOP
			b: QUIT
			B: 221 bye
			c: 221 bye
			close`),
		stands("rcpt, other domains, pipelined", `
			C: RCPT TO:<x@other.example>
			c: 451 4.3.0 Recipient of another domain: try again in a transaction of its own
			C: RCPT TO:<1@tenant.example>
			C: RCPT TO:<x@other.example>
			C: VRFY root
			C: RCPT TO:<2@tenant.example>
			C: RCPT TO:<x@sub.tenant.example>
			C: DATA
			b: RCPT TO:<1@tenant.example>
			b: RCPT TO:<2@tenant.example>
			b: DATA
			B: 250 1
			c: 250 1
			c: 451 4.3.0 Recipient of another domain: try again in a transaction of its own
			c: 252 2.5.0 Cannot verify the user, but will try to deliver
			B: 450 2
			B: 354 go
			c: 450 2
			c: 451 4.3.0 Recipient of another domain: try again in a transaction of its own
			c: 354 go
			C: x
			C: .
			b: x
			b: .
			B: 250 queued
			c: 250 queued`),
		stands("rcpt, DATA refused", `
			C: DATA
			C: NOOP
			b: DATA
			B: 554 no
			c: 554 no
			b: NOOP
			B: 250 fine
			c: 250 fine`),
		stands("rcpt, a later transaction", `
			C: RSET
			C: MAIL FROM:<>
			C: RCPT TO:<Postmaster@tenant.example>
			b: RSET
			b: MAIL FROM:<>
			b: RCPT TO:<Postmaster@tenant.example>
			B: 250 reset
			B: 250 sender
			B: 250 recipient
			c: 250 reset
			c: 250 sender
			c: 250 recipient`),
		stands("rcpt, a later transaction of another domain", `
			C: RSET
			C: MAIL FROM:<>
			C: RCPT TO:<x@other.example>
			C: RCPT TO:<x@tenant.example>
			b: RSET
			b: MAIL FROM:<>
			B: 250 reset
			c: 250 reset
			B: 250 sender
			c: 250 sender
			c: 421 4.3.0 Recipient of another domain: try again in a connection of its own
			close`),
		stands("rcpt, the same without pipelining", `
			C: RSET
			b: RSET
			B: 250 reset
			c: 250 reset
			C: RCPT TO:<x@other.example>
			c: 421 4.3.0 Recipient of another domain: try again in a connection of its own
			close`),
		stands("rcpt, hello again", `
			C: EHLO again.example
			b: EHLO again.example
			B: 250-backend
			B: 250 STARTTLS
			c: 250-localhost
			c: 250 PIPELINING
			C: HELO again.example
			b: HELO again.example
			B: 250 backend
			c: 250 localhost
			C: EHLO
			c: 501 5.5.4 A host name is wanted
			C: EHLO x
			b: EHLO x
			B: 421 busy
			c: 421 busy`),
		stands("rcpt, what isn't passed on", `
			C: XCLIENT ADDR=127.0.0.1
			c: 500 5.5.2 Command not recognized
			C: STARTTLS
			c: 503 5.5.1 Too late for this command
			C: AUTH PLAIN AGEAYg==
			c: 503 5.5.1 Too late for this command
			C: EXPN x
			c: 502 5.5.1 Command not implemented
			C: HELP
			c: 214 2.0.0 See RFC 5321
			C: DATA now
			c: 501 5.5.4 Wrong arguments
			C: MAIL FROM:a@b
			c: 501 5.1.7 Bad sender address syntax
			C: RCPT TO:<a@b@tenant.example>
			c: 501 5.1.3 Bad recipient address syntax
			C: RCPT TO:<a@tenänt.example>
			c: 553 5.6.7 SMTPUTF8 is not offered here
			stand`),
		stands("rcpt, BDAT though it isn't offered", `
			C: BDAT 3 LAST
			c: 502 5.5.1 BDAT is not served here
			fail`),
		stands("rcpt, a reply that wasn't asked for", `
			B: 421 4.4.2 timeout
			c: 421 4.4.2 timeout
			B: 250 surprise
			c: 421 4.3.2 the server has answered what it wasn't asked
			fail`),
		stands("rcpt, no reply", `
			C: NOOP
			b: NOOP
			B: nonsense
			c: 421 4.3.2 the server's answer can't be understood
			fail`),
		{name: "rcpt, before the routing", options: Options{RouteBy: RouteByRCPT, MaxErrors: 20}, text: `
			c: 220 localhost ESMTP
			C: RCPT TO:<a@tenant.example>
			c: 503 5.5.1 Send EHLO first
			C: HELO client.example
			c: 250 localhost
			C: RCPT TO:<a@tenant.example>
			c: 503 5.5.1 Need MAIL command
			C: DATA
			c: 503 5.5.1 Need MAIL command
			C: AUTH PLAIN AGEAYg==
			c: 503 5.5.1 Send EHLO first
			C: MAIL FROM:<a@>
			c: 501 5.1.7 Bad sender address syntax
			C: MAIL FROM:<ä@b.example> SMTPUTF8
			c: 553 5.6.7 SMTPUTF8 is not offered here
			C: MAIL FROM:<>
			c: 250 2.1.0 Ok
			C: MAIL FROM:<>
			c: 503 5.5.1 Nested MAIL command
			C: DATA
			c: 503 5.5.1 Need RCPT command
			C: RCPT TO:<>
			c: 501 5.1.3 Bad recipient address syntax
			C: RSET
			c: 250 2.0.0 Ok
			C: RCPT TO:<postmaster>
			c: 503 5.5.1 Need MAIL command
			C: MAIL FROM:<>
			c: 250 2.1.0 Ok
			C: HELO client.example
			c: 250 localhost
			C: RCPT TO:<postmaster>
			c: 503 5.5.1 Need MAIL command
			C: MAIL FROM:<a@b>
			c: 250 2.1.0 Ok
			C: RCPT TO:<postmaster>
			route localhost
			B: 220 backend
			b: HELO client.example
			B: 250 backend
			b: MAIL FROM:<a@b>
			B: 250 sender
			b: RCPT TO:<postmaster>
			B: 250 recipient
			c: 250 recipient
			stand`},
		{name: "rcpt, AUTH", options: byRcpt, text: `
			c: 220 localhost ESMTP
			C: EHLO client.example
			c: 250-localhost
			c: 250 PIPELINING
			C: AUTH PLAIN AGEAYg==
			c: 502 5.5.1 Command not implemented
			C: BDAT 10
			c: 500 5.5.2 BDAT is not served here
			fail`},
		{name: "rcpt, the sender is refused", options: byRcpt, text: `
			c: 220 localhost ESMTP
			C: EHLO client.example
			C: MAIL FROM:<a@b>
			C: RCPT TO:<1@tenant.example>
			C: RCPT TO:<2@tenant.example>
			C: RCPT TO:<x@other.example>
			C: DATA
			c: 250-localhost
			c: 250 PIPELINING
			c: 250 2.1.0 Ok
			route tenant.example
			B: 220 backend
			b: EHLO client.example
			B: 250 backend
			b: MAIL FROM:<a@b>
			B: 451-4.7.1 greylisted
			B: 451 4.7.1 come back
			c: 451-4.7.1 greylisted
			c: 451 4.7.1 come back
			c: 451-4.7.1 greylisted
			c: 451 4.7.1 come back
			c: 451-4.7.1 greylisted
			c: 451 4.7.1 come back
			b: DATA
			B: 503 no
			c: 503 no
			C: MAIL FROM:<b@b>
			C: RCPT TO:<1@tenant.example>
			b: MAIL FROM:<b@b>
			b: RCPT TO:<1@tenant.example>
			B: 250 sender
			B: 250 recipient
			c: 250 sender
			c: 250 recipient`},
		{name: "rcpt, chunks", options: chunking, text: `
			c: 220 localhost ESMTP
			C: EHLO client.example
			c: 250-localhost
			c: 250-CHUNKING
			c: 250 SMTPUTF8
			C: MAIL FROM:<ä@b> SMTPUTF8
			c: 250 2.1.0 Ok
			C: RCPT TO:<"a b>@c"@[IPv6:::1]> NOTIFY=NEVER
			route [ipv6:::1]
			B: 220 backend
			b: EHLO client.example
			B: 250-backend
			B: 250 CHUNKING
			b: MAIL FROM:<ä@b> SMTPUTF8
			B: 250 sender
			b: RCPT TO:<"a b>@c"@[IPv6:::1]> NOTIFY=NEVER
			B: 250 recipient
			c: 250 recipient
			C: BDAT 13
			C: RSET
			C: .
			C: QUIT\
			C: BDAT 3
			C: abcBDAT 0 LAST
			C: NOOP
			b: BDAT 13
			b: RSET
			b: .
			b: QUIT\
			b: BDAT 3
			b: abcBDAT 0 LAST
			b: NOOP
			B: 250 13 bytes
			B: 250 3 bytes
			B: 250 queued
			B: 250 noop
			c: 250 13 bytes
			c: 250 3 bytes
			c: 250 queued
			c: 250 noop
			C: BDAT -1
			c: 500 5.5.2 BDAT wants a size, and LAST or nothing
			fail`},
		{name: "rcpt, BDAT that the backend hasn't", options: chunking, text: `
			c: 220 localhost ESMTP
			C: HELO client.example
			c: 250 localhost
			C: MAIL FROM:<>
			c: 250 2.1.0 Ok
			C: RCPT TO:<a@tenant.example>
			route tenant.example
			B: 220 backend
			b: HELO client.example
			B: 250 backend
			b: MAIL FROM:<>
			B: 250 sender
			b: RCPT TO:<a@tenant.example>
			B: 250 recipient
			c: 250 recipient
			C: BDAT 3 LAST
			c: 502 5.5.1 BDAT is not served here
			fail`},
	}
}

// TestClientEnds has a client end its side behind what it hasn't said to its
// end: that can't be waited for, and isn't passed on.
func TestClientEnds(t *testing.T) {
	for name, tt := range map[string]struct{ said, heard, more string }{
		"half a command":             {said: "RCPT TO:<x@"},
		"half a command, one before": {said: "NOOP\r\nRCPT TO:<x@", heard: "NOOP\r\n", more: "250 fine\r\n"},
		"half an end":                {said: "DATA\r\n", more: "354 go\r\n", heard: "DATA\r\n"},
	} {
		s, _ := standing(t, nil, nil)
		s.client(tt.said)
		s.codec.ClientEnded()
		if tt.more != "" && s.action == codecs.Close {
			t.Errorf("%s: closed before the answer", name)
		}
		s.backend(tt.more)
		if name == "half an end" {
			s.client("x\r\n.\r")
			tt.heard += "x\r\n"
		}
		s.present()
		if s.action != codecs.Close || string(s.toBackend) != tt.heard {
			t.Errorf("%s: action %d, the backend heard %q", name, s.action, s.toBackend)
		}
	}
}
