// Package http1 is HTTP/1.1 message framing (RFC 9112) as the load harness
// needs it: the generator writes a Request and reads a Response, the built-in
// backend reads with a RequestReader. Nothing is allocated per message, bodies
// are never kept, and whatever isn't exactly framed is an error. It shares no
// code with the engine, so that a mistake in the proxy can't hide behind the
// same mistake here.
//
// Each request carries a tag that no other has, and the built-in backend's
// answer repeats it, followed by a sequence both sides know (see Content): so
// an answer that was swapped, cut or altered on its way is noticed.
//
//	GET /path HTTP/1.1                       HTTP/1.1 200 OK
//	Host: example.com                        Content-Length: 1024
//	X-Loadtest-Tag: 00000000000004d2         (more headers)
//	                                         00000000000004d2 and 1008 bytes
package http1
