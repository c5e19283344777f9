package loadtest

import (
	"fmt"
	"net/netip"
)

// ParseTarget reads "address:port". Nothing but loopback is accepted unless
// allowRemote is set: a load test aimed at a foreign host by mistake is an
// attack.
func ParseTarget(text string, allowRemote bool) (netip.AddrPort, error) {
	target, err := netip.ParseAddrPort(text)
	if err != nil {
		return target, fmt.Errorf("target %q: want an IP address and a port, such as 127.0.0.1:5432", text)
	}
	target = netip.AddrPortFrom(target.Addr().Unmap(), target.Port())
	if !target.Addr().IsLoopback() && !allowRemote {
		return target, fmt.Errorf("target %s is not this machine; --allow-remote permits it", target)
	}
	return target, nil
}
