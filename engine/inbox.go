package engine

// inbox keeps the bytes of one side that its codec has not consumed yet. The
// zero value is empty.
type inbox struct {
	kept []byte
}

// maxSpare is the largest memory an empty inbox holds on to, in bytes: enough
// for the first message of nearly every client.
const maxSpare = 4 << 10

// bytes returns what is kept, valid until the next call.
func (b *inbox) bytes() []byte { return b.kept }

// gather returns what is kept with fresh behind it: fresh itself, uncopied, if
// nothing is kept.
func (b *inbox) gather(fresh []byte) []byte {
	if len(b.kept) == 0 {
		return fresh
	}
	b.kept = append(b.kept, fresh...)
	return b.kept
}

// keep makes rest, a tail of what gather or bytes returned, all that is kept.
func (b *inbox) keep(rest []byte) {
	b.kept = append(b.kept[:0], rest...)
	if len(b.kept) == 0 && cap(b.kept) > maxSpare {
		b.kept = nil
	}
}

// drop empties the inbox.
func (b *inbox) drop() { b.keep(nil) }

// release gives an empty inbox's memory back.
func (b *inbox) release() {
	if len(b.kept) == 0 {
		b.kept = nil
	}
}
