package backend

import (
	"fmt"
	"strings"
)

// Kind says what a backend does with a connection.
type Kind uint8

// The built-in backends.
const (
	// Echo sends back what it gets, and closes when the client has ended its
	// side and got everything.
	Echo Kind = iota
	// HTTP answers each HTTP/1.1 request with a body of Config.Payload bytes.
	HTTP
	// Sink checks what it gets against the sequence of internal/stream and,
	// when the client has ended its side, answers with a trailer and closes.
	Sink
	// Flood does the same and, until the client ends its side, sends the
	// sequence as fast as it is taken.
	Flood
	// Stall accepts, and neither reads nor answers. It closes when the client
	// has reset the connection or ended its side.
	Stall
	// Slow is Echo at no more than Config.Pace bytes per second on each
	// connection. It reads no faster than that either.
	Slow

	kinds
)

// String returns the kind's name on the command line.
func (k Kind) String() string {
	switch k {
	case Echo:
		return "echo"
	case HTTP:
		return "http"
	case Sink:
		return "sink"
	case Flood:
		return "flood"
	case Stall:
		return "stall"
	case Slow:
		return "slow"
	default:
		return fmt.Sprintf("Kind(%d)", uint8(k))
	}
}

// ParseKind returns the kind of that name.
func ParseKind(name string) (Kind, error) {
	for k := range kinds {
		if k.String() == name {
			return k, nil
		}
	}
	return 0, fmt.Errorf("no backend %q; there are %s", name, strings.Join(Names(), ", "))
}

// Names lists the kinds.
func Names() []string {
	names := make([]string, kinds)
	for k := range kinds {
		names[k] = k.String()
	}
	return names
}
