// Package smtp is the front end for SMTP clients (RFC 5321 and the extensions
// named below).
//
// The server speaks first, so the greeting is ours, and so is every answer
// until the client has named what it is routed by:
//
//	route by   the resource is                   named by          then
//	ehlo       the client's own name             EHLO, HELO        Relay
//	sni        the host its TLS handshake names  EHLO, HELO        Relay
//	auth       the domain of its user name       AUTH PLAIN, LOGIN Relay
//	rcpt       the domain of its recipient       the first RCPT    Stand
//
// Once the backend is connected, it is told what the client has said, and what
// the client has an answer to already is swallowed:
//
//	backend                                        client
//	   ├──► 220                      else passed on ──►
//	   │◄── EHLO                                      │
//	   ├──► 250-STARTTLS ...                          │
//	   │◄── STARTTLS, handshake, EHLO (Target.TLS)    │
//	   │◄── XCLIENT, EHLO (if configured)             │
//	   ├──► 250 ...                  ehlo, sni        ├──► 250 ..., then Relay
//	   │◄── MAIL, RCPT               rcpt             │
//	   ├──► 250, 550, ...                             ├──► the same, then Stand
//	   │◄── AUTH                     auth             │
//	   ├──► 235, 334, 535, ...                        ├──► the same, by the Relay
//
// After a Relay nothing is parsed any more: pipelining, AUTH, STARTTLS of the
// backend's, BDAT, DATA of any size pass as they come.
//
// # TLS
//
// Where STARTTLS is offered here, a client's first EHLO is answered here too,
// whatever it is routed by: the list of capabilities must be ours, for the
// client forgets it with the handshake (RFC 3207 section 4.2). It is the second
// EHLO that routes then. A client that goes on without STARTTLS, where that is
// allowed, is routed by its first EHLO with its next command, and has seen
// Options.Capabilities instead of the backend's. STARTTLS is taken out of the
// reply of a backend when the client's leg is encrypted already.
//
// # Routing by recipient
//
// A session stays with the backend its first recipient led to, and the codec
// stays with the session, because recipients of other domains must not get
// there. One in a transaction that has a recipient already is answered with
// 451 4.3.0, so that the sender tries it again in a transaction of its own; one
// that begins a later transaction with 421 4.3.0 and the end of the
// connection: a pool of connections would otherwise go on using this one for
// mail that it can't take. (Postfix takes both for what they are, and delivers
// over connections that it keeps: engine/smtptest has it do so.) Replies keep the
// order of the commands, pipelined or not. What is known to be harmless is passed
// on, and nothing else, also when the client ends its side behind it.
//
// # Smuggling
//
// While the codec parses, only CRLF ends a line, and only CRLF "." CRLF ends a
// message. A line that ends otherwise ends the session. A message with a dot
// that stands alone on its line for some servers and not for others (LF "." LF,
// CRLF "." CR and their kin) is refused before the backend has seen what is
// behind the dot, so that whatever the backend takes for the end of a message,
// it sees exactly one. After a Relay there is no second opinion on where a
// message ends: sender and backend talk as if the proxy weren't there.
//
// STARTTLS glued to what follows it ends the session, on both legs
// (CVE-2011-0411, CVE-2021-23214 and their kin).
package smtp
