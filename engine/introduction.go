package engine

import (
	"errors"
	"net/netip"
	"os"

	"github.com/proxy-engine/proxy-engine/engine/proxyheader"
)

// MetadataProxyProtocol is the key of a Result's metadata that says which header of
// the PROXY protocol its backend is sent, whatever the listener says: one of
// proxyheader.ParseVersion's words.
const MetadataProxyProtocol = "proxy-protocol"

// introduces says whether a connection from the address is a proxy's, which must
// begin with the header that tells of its client. Others are never asked whether
// they have one.
func (c *Config) introduces(from netip.Addr) bool { return containedIn(c.ProxyProtocolFrom, from) }

// containedIn says whether an address is in one of the networks.
func containedIn(networks []netip.Prefix, a netip.Addr) bool {
	a = a.Unmap().WithZone("") // a network with a zone there is none
	for _, n := range networks {
		if n.Contains(a) {
			return true
		}
	}
	return false
}

// introductionReason is the reason of a session whose header hasn't come. A proxy
// that connects and leaves without a word checks whether we are here.
func introductionReason(err error) Reason {
	switch {
	case errors.Is(err, proxyheader.ErrMalformed):
		return ProxyHeaderMalformed
	case errors.Is(err, os.ErrDeadlineExceeded):
		return ProxyHeaderTimeout
	}
	return ClientGone
}
