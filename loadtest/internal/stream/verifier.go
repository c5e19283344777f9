package stream

// Verifier checks received bytes against the sequence. The zero value with its
// Pattern set is ready.
type Verifier struct {
	Pattern  *Pattern
	received uint64
	wrong    uint64 // offset of the first wrong byte plus one; 0 when none
}

// Take checks the next bytes, at most ChunkSize of them.
func (v *Verifier) Take(b []byte) {
	if same := v.Pattern.Check(v.received, b); same < len(b) && v.wrong == 0 {
		v.wrong = v.received + uint64(same) + 1
	}
	v.received += uint64(len(b))
}

// Received returns how many bytes were taken.
func (v *Verifier) Received() uint64 { return v.received }

// Wrong returns the offset of the first wrong byte, or None.
func (v *Verifier) Wrong() uint64 { return v.wrong - 1 }

// TailVerifier checks a stream that ends with a trailer whose place is known
// only when the stream ends: it holds the last bytes back. The caller reads
// into Space and says with Filled how much it got.
type TailVerifier struct {
	Verifier
	buf  []byte // the held bytes, then room for a chunk
	held int
}

// NewTailVerifier returns a verifier with a buffer of its own.
func NewTailVerifier(p *Pattern) *TailVerifier {
	return &TailVerifier{Verifier: Verifier{Pattern: p}, buf: make([]byte, TrailerSize+ChunkSize)}
}

// Space returns where to read next, ChunkSize bytes, valid until Filled.
func (v *TailVerifier) Space() []byte { return v.buf[v.held : v.held+ChunkSize] }

// Filled checks all but the last TrailerSize of the bytes seen so far.
func (v *TailVerifier) Filled(n int) {
	total := v.held + n
	checked := max(total-TrailerSize, 0)
	v.Take(v.buf[:checked])
	v.held = copy(v.buf, v.buf[checked:total])
}

// Trailer returns the trailer once the stream has ended, and false if the
// stream was too short to hold one.
func (v *TailVerifier) Trailer() (Trailer, bool) {
	if v.held < TrailerSize {
		return Trailer{}, false
	}
	return ParseTrailer([TrailerSize]byte(v.buf[:TrailerSize])), true
}
