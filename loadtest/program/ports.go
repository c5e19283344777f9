//go:build linux

package program

import (
	"fmt"
	"net"
	"net/netip"
	"os"
)

// Ports that are looked at: below the range the kernel takes clients' ports
// from, so that none of them takes one meanwhile.
const firstPort, portsEnd = 12000, 32000

// FreePorts returns n addresses on 127.0.0.1 nobody listens at.
func FreePorts(n int) ([]netip.AddrPort, error) {
	var listeners []net.Listener
	defer func() {
		for _, l := range listeners {
			_ = l.Close()
		}
	}()
	var free []netip.AddrPort
	// Programs started at the same time look at different ports first.
	for i := range portsEnd - firstPort {
		if len(free) == n {
			return free, nil
		}
		port := firstPort + (os.Getpid()*97+i)%(portsEnd-firstPort)
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		listeners = append(listeners, listener)
		free = append(free, listener.Addr().(*net.TCPAddr).AddrPort())
	}
	return nil, fmt.Errorf("fewer than %d free ports below %d", n, portsEnd)
}
