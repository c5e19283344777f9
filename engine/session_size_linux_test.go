package engine

import (
	"testing"
	"unsafe"
)

// sizeClass is what the allocator gives a session of an event loop, in bytes: one byte
// more costs each idle session the next class.
const sizeClass = 352

func TestSessionsStayInTheirSizeClass(t *testing.T) {
	if n := unsafe.Sizeof(session{}); n > sizeClass {
		t.Errorf("a session has %d bytes, want at most %d", n, sizeClass)
	}
	if n := unsafe.Sizeof(webSession{}); n > sizeClass {
		t.Errorf("an HTTP connection has %d bytes, want at most %d", n, sizeClass)
	}
}
