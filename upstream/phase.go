package upstream

// Phase is where an endpoint's breaker stands.
type Phase uint8

// The phases of a breaker. The zero value is Closed.
const (
	// Closed: attempts are let through and counted. Left for Open by too many
	// failures.
	Closed Phase = iota
	// Open: no attempt is let through until its time is over; the first one
	// afterwards is the probe and makes it HalfOpen.
	Open
	// HalfOpen: one attempt, the probe, is under way and decides: Closed if it
	// is served, Open if it fails or is abandoned.
	HalfOpen

	phases
)

var phaseNames = [phases]string{Closed: "closed", Open: "open", HalfOpen: "half-open"}

// String returns the phase's name, which is also its metric label.
func (p Phase) String() string {
	if p < phases {
		return phaseNames[p]
	}
	return "unknown"
}

// Ticket is the place of one attempt: Endpoint.Admit gives it out and
// Endpoint.Report takes it back. It says which phase of the breaker let the
// attempt in, so that the end of an old attempt isn't taken for the probe's.
// The zero Ticket is no place.
type Ticket uint32

const (
	phaseBits = 2
	// firstTicket is that of a new breaker: Closed, and not the zero Ticket.
	firstTicket = Ticket(1 << phaseBits)
)

func (t Ticket) phase() Phase { return Phase(t & (1<<phaseBits - 1)) }

// next is the ticket of the phase that follows. The count in front of the phase
// comes round after a billion of them, seconds apart.
func (t Ticket) next(p Phase) Ticket { return (t>>phaseBits+1)<<phaseBits | Ticket(p) }

// Probe says that the attempt is the one that decides whether the breaker closes.
func (t Ticket) Probe() bool { return t.phase() == HalfOpen }
