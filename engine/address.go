package engine

import (
	"net/netip"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// codecAddress is an address as codecs take it, who import no package net; the
// zero value for none.
func codecAddress(a netip.AddrPort) codecs.Address {
	if !a.IsValid() {
		return codecs.Address{}
	}
	return codecs.Address{IP: a.Addr().As16(), Port: a.Port()}
}
