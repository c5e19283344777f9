// Package bench holds the benchmarks of the engine's parts, by what of it they
// look at:
//
//	relay_linux_test.go    exchanges, bulk and whole sessions through an engine
//	reactor_linux_test.go  what one event loop does per event, timer and posted function
//	codecs_test.go         each codec's way from the first bytes to the backend's
//	resolve_test.go        caches, resolvers and the address guard
//
// Benchmarks that need what a package keeps to itself stand beside it, in its
// bench_test.go. "make bench" runs all of them; BENCH=pattern chooses. What
// must not allocate is asserted by tests, what takes time only measured: no
// test fails because a machine is slow.
//
// The command in peers measures the whole proxy beside other proxies.
package bench
