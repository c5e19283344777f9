package loadtest

import "fmt"

// Direction says which way bulk data moves, seen from the client.
type Direction uint8

// The directions.
const (
	Download Direction = iota // wants the flood backend
	Upload                    // wants the sink backend
	Both                      // at the same time; wants the flood backend

	directions
)

// String returns the direction's name on the command line.
func (d Direction) String() string {
	switch d {
	case Download:
		return "download"
	case Upload:
		return "upload"
	case Both:
		return "both"
	default:
		return fmt.Sprintf("Direction(%d)", uint8(d))
	}
}

// ParseDirection returns the direction of that name.
func ParseDirection(name string) (Direction, error) {
	for d := range directions {
		if d.String() == name {
			return d, nil
		}
	}
	return 0, fmt.Errorf("no direction %q; there are %v, %v and %v", name, Download, Upload, Both)
}
