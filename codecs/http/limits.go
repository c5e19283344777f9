package http

// Limits bound what is accepted of a peer. A zero field means its default.
type Limits struct {
	// Head is the largest head in bytes, its empty line included (64 KiB).
	// A request beyond it is answered 431, a response 502.
	Head int
	// Fields is the largest number of fields in a head (100).
	Fields int
	// Target is the longest request target in bytes (8 KiB); beyond it 414.
	Target int
	// Interim is how many 1xx responses may precede one final response (16).
	Interim int
	// Body is the largest request body in bytes, 0 for none; beyond it 413. A
	// chunked body is cut off when it gets there.
	Body int64
}

const (
	defaultHead    = 64 << 10
	defaultFields  = 100
	defaultTarget  = 8 << 10
	defaultInterim = 16

	// maxMethod is the longest method in bytes; the longest registered one is
	// UPDATEREDIRECTREF with 17.
	maxMethod = 32
	// lineRest is what a request line has besides method and target.
	lineRest = len("  HTTP/1.1\r\n")
)

// DefaultLimits returns the limits that hold where a field is zero.
func DefaultLimits() Limits { return Limits{}.withDefaults() }

// withDefaults returns the limits with every zero field filled in.
func (l Limits) withDefaults() Limits {
	fill := func(v *int, def int) {
		if *v == 0 {
			*v = def
		}
	}
	fill(&l.Head, defaultHead)
	fill(&l.Fields, defaultFields)
	fill(&l.Target, defaultTarget)
	fill(&l.Interim, defaultInterim)
	return l
}
