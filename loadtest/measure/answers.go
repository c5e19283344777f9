package measure

// answerKinds bounds how many different answers are told apart, so that a
// server that invents new ones can't fill the memory.
const answerKinds = 64

// otherAnswers is the name of those beyond the bound.
const otherAnswers = "others"

// Answers counts what servers said when they refused, in their protocol's
// words, such as "HTTP 503" or "SQLSTATE 3D000", and why TLS failed.
type Answers map[string]uint64

// Add counts one answer. The map is made when it is needed.
func (a *Answers) Add(answer string) { a.add(answer, 1) }

// Merge adds the counts of other.
func (a *Answers) Merge(other Answers) {
	for answer, n := range other {
		a.add(answer, n)
	}
}

func (a *Answers) add(answer string, n uint64) {
	if *a == nil {
		*a = Answers{}
	}
	if _, known := (*a)[answer]; !known && len(*a) >= answerKinds {
		answer = otherAnswers
	}
	(*a)[answer] += n
}

// Total returns how many were counted.
func (a Answers) Total() uint64 {
	var sum uint64
	for _, n := range a {
		sum += n
	}
	return sum
}
