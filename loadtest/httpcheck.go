package loadtest

import "fmt"

// HTTPCheck says what answers must be like.
type HTTPCheck uint8

// The checks.
const (
	// CheckTag wants the answers of package backend's HTTP: status 200, and a
	// body that repeats the request's tag, so that an answer to another request
	// is noticed.
	CheckTag HTTPCheck = iota
	// CheckStatus takes any well-formed answer with a status below 400.
	CheckStatus

	httpChecks
)

// String returns the check's name on the command line.
func (c HTTPCheck) String() string {
	switch c {
	case CheckTag:
		return "tag"
	case CheckStatus:
		return "status"
	default:
		return fmt.Sprintf("HTTPCheck(%d)", uint8(c))
	}
}

// ParseHTTPCheck returns the check of that name.
func ParseHTTPCheck(name string) (HTTPCheck, error) {
	for c := range httpChecks {
		if c.String() == name {
			return c, nil
		}
	}
	return 0, fmt.Errorf("no check %q; there are %v and %v", name, CheckTag, CheckStatus)
}
