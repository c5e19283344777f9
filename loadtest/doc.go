// Package loadtest generates load and measures what it costs the server under
// test. Each mode is a structure of settings with a method Run:
//
//	Hold     many sessions held open: memory per session
//	RR       requests and responses in a closed loop: rate, latency, CPU per operation
//	Rate     connect, one exchange, close: connections per second, CPU per connection
//	Bulk     few connections at full speed: GB/s, CPU per GiB, contents verified
//	MongoDB  commands as a driver's pool asks them: rate, latency, CPU per command
//	SMTP     messages through a mail client: rate, latency, CPU per message
//
// With Common.TLS they speak TLS to the target, with every byte encrypted and
// the server's certificate verified, and count what was agreed on.
//
// Hold, RR and Rate want the echo backend behind the target, Bulk the sink or
// flood backend (package backend).
//
// Generators are event driven: each of Loops goroutines turns an epoll instance
// with its share of the sessions; the goroutines share nothing while they run,
// and what they counted is added up afterwards.
package loadtest
