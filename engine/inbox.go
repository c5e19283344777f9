package engine

import "github.com/valyala/bytebufferpool"

// inbox keeps the bytes of one side that its codec has not consumed yet. The
// zero value is empty and costs nothing.
type inbox struct {
	kept *bytebufferpool.ByteBuffer
}

// bytes returns what is kept, valid until the next call.
func (b *inbox) bytes() []byte {
	if b.kept == nil {
		return nil
	}
	return b.kept.B
}

// gather returns what is kept with fresh behind it: fresh itself, uncopied, if
// nothing is kept.
func (b *inbox) gather(fresh []byte) []byte {
	if b.kept == nil {
		return fresh
	}
	_, _ = b.kept.Write(fresh)
	return b.kept.B
}

// keep makes rest, a tail of what gather or bytes returned, all that is kept.
func (b *inbox) keep(rest []byte) {
	if len(rest) == 0 {
		b.drop()
		return
	}
	if b.kept == nil {
		b.kept = bytebufferpool.Get()
	}
	b.kept.B = append(b.kept.B[:0], rest...)
}

func (b *inbox) drop() {
	if b.kept != nil {
		bytebufferpool.Put(b.kept)
		b.kept = nil
	}
}
