// Package enginetest is what tests of protocols through the engine have in
// common: an engine of either implementation with every timeout out of the way
// (Start), its accounts and what it may not leave behind (EachVariant),
// conditions instead of sleeps (Eventually), and peers whose every byte the test
// decides (Conn, Backend):
//
//	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
//		backend := enginetest.Listen(t)
//		p := enginetest.Start(t, enginetest.Config(impl, engine.HTTPFront(), resolve.Fixed(backend.Address())))
//		client := p.Dial()
//		client.Say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
//		link := backend.Accept()
//		link.HearTo("\r\n\r\n")
//		link.Reset()
//		client.HearTo("502")
//	})
//
// Functions that take a testing.TB, and the methods of what they return, end the
// test when they fail, and so belong to its goroutine.
package enginetest

import (
	"runtime"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
)

// Patience ends a test that hangs, and is every timeout that a test isn't
// about. No outcome depends on its length.
const Patience = 30 * time.Second

// Soon is when a test that hangs ends: the deadline of its connections.
func Soon() time.Time { return time.Now().Add(Patience) }

// EachVariant runs a behaviour for every implementation there is on this
// system, and checks that it leaves nothing behind.
func EachVariant(t *testing.T, body func(t *testing.T, impl engine.Impl)) {
	t.Helper()
	impls := []engine.Impl{engine.Goroutine}
	if runtime.GOOS == "linux" {
		impls = []engine.Impl{engine.Reactor, engine.Goroutine}
	}
	for _, impl := range impls {
		t.Run(string(impl), func(t *testing.T) {
			CheckLeaks(t)
			body(t, impl)
		})
	}
}
