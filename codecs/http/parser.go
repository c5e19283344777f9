package http

// Parser reads heads. It holds what reading needs and nothing of a connection,
// so an event loop has one for all of its connections. One goroutine at a
// time; make it with NewParser.
type Parser struct {
	limits  Limits
	opinion opinion
}

// NewParser returns a parser that keeps to the limits.
func NewParser(l Limits) *Parser {
	l = l.withDefaults()
	return &Parser{limits: l, opinion: newOpinion(l.Target)}
}

// Limits returns the limits with their defaults filled in.
func (p *Parser) Limits() Limits { return p.limits }
