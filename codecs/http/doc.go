// Package http is HTTP/1.0 and 1.1 as a reverse proxy needs it: heads checked
// and rewritten, bodies followed to their end. As every codec it does no I/O,
// reads no clock and starts no goroutine; unlike those of package codecs it
// isn't dropped when the route is known, because every request has its own. A
// driver runs it like this:
//
//	client ──► Parser.Request ──► Request.Key ──► resolve, connect
//	              │ Reason            │
//	              ▼                   ▼
//	           Answer    Request.Append ──► backend ◄── Body.Next ◄── client
//
//	backend ──► Parser.Response ──► Response.Append ──► client ◄── Body.Next ◄── backend
//	              │ Reason          Interim: once more
//	              ▼                 Switched: both sides are relayed
//	        BadResponse
//
// Proxies are broken by messages that they and the backend read differently
// (RFC 9112 section 11.2). Three things are done against it:
//
//   - What is ambiguous is refused, also where the RFCs leave a choice or other
//     proxies make repairs: see the table of hostile messages in the tests.
//   - fasthttp reads what has passed the check, and must agree: see opinion.
//   - Heads and chunks are written anew from what was understood. Fields that
//     mean nothing here keep their order, number, spelling and value.
//
// A request, and what is passed on of it:
//
//	GET http://a.example/x HTTP/1.1      origin form
//	Host: a.example                      one, first; the authority's if there is one
//	Connection: close, x-hop             dropped, with the fields it names
//	X-Forwarded-For: 10.0.0.1            dropped unless trusted, then added to
//	Transfer-Encoding: Chunked           one framing field, last, from what was understood
//
// Nothing allocates once the memory of Request, Response, Body and the caller's
// buffers has grown to what the messages need.
package http
