package engine

import (
	"net"
	"net/netip"
)

// listenAddr parses a listener's address; an empty host is every address of
// both families.
func listenAddr(address string) (netip.AddrPort, error) {
	tcp, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return netip.AddrPort{}, err
	}
	ap := tcp.AddrPort()
	if !ap.Addr().IsValid() {
		return netip.AddrPortFrom(netip.IPv6Unspecified(), ap.Port()), nil
	}
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), nil
}

// tcpNetwork is package net's name for a listener's address family: with
// "tcp", 0.0.0.0 would mean every IPv6 address as well.
func tcpNetwork(addr netip.AddrPort) string {
	if addr.Addr().Is4() {
		return "tcp4"
	}
	return "tcp"
}
