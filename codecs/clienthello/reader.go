package clienthello

// reader takes values off bytes. Once something was missing it is short, and
// everything it returns is zero.
type reader struct {
	rest  []byte
	short bool
}

func (r *reader) bytes(n int) []byte {
	if r.short || n > len(r.rest) {
		r.short, r.rest = true, nil
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) uint8() int {
	if b := r.bytes(1); b != nil {
		return int(b[0])
	}
	return 0
}

func (r *reader) uint16() int {
	high := r.uint8()
	return high<<8 | r.uint8()
}

// vector8 and vector16 take bytes whose number stands before them.
func (r *reader) vector8() []byte  { return r.bytes(r.uint8()) }
func (r *reader) vector16() []byte { return r.bytes(r.uint16()) }

// more reports whether there is something left to read.
func (r *reader) more() bool { return len(r.rest) > 0 }

// whole reports whether everything has been read and nothing was missing.
func (r *reader) whole() bool { return !r.short && len(r.rest) == 0 }
