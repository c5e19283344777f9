package admin

import (
	"net"
	"os"
	"syscall"

	"github.com/proxy-engine/proxy-engine/engine/reactor"
)

// Socket returns a duplicate of the listening socket, with a name for it, for the
// process that is to take over (Options.Listener). It is the caller's to close. Any
// goroutine.
func (s *Server) Socket(name string) (*os.File, error) {
	return reactor.Duplicate(s.ln.(syscall.Conn), name)
}

// HandedOver has Close leave a unix socket's path where it is: it is another process's
// by now.
func (s *Server) HandedOver() {
	if ln, unix := s.ln.(*net.UnixListener); unix {
		ln.SetUnlinkOnClose(false)
	}
}
