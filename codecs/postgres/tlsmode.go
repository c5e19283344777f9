package postgres

// TLSMode is what a listener does about TLS on the client's leg.
type TLSMode uint8

// The modes. The listener must be able to terminate TLS iff the mode is
// TLSOffered or TLSRequired.
const (
	// TLSOff declines it: clients speak in the clear or not at all.
	TLSOff TLSMode = iota
	// TLSOffered terminates it for clients that ask for it.
	TLSOffered
	// TLSRequired refuses those that don't, but for their CancelRequests.
	TLSRequired
	// TLSPassthrough doesn't terminate it: clients are routed by the server
	// name they ask for (SNI), and those that speak in the clear are refused.
	TLSPassthrough
)

// String returns the mode's name.
func (m TLSMode) String() string {
	switch m {
	case TLSOff:
		return "off"
	case TLSOffered:
		return "offered"
	case TLSRequired:
		return "required"
	case TLSPassthrough:
		return "passthrough"
	default:
		return "unknown"
	}
}
