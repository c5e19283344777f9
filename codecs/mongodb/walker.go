package mongodb

import "encoding/binary"

// nameDatabase is the field of a request that names its database. Drivers put
// it where they like: the first in PyMongo, the last in the Go driver.
const nameDatabase = "$db"

// walker walks over an OP_MSG, in as many pieces as it comes in, and finds the
// command's name and its $db. It keeps none of the bytes, and behind the $db it
// looks at nothing.
type walker struct {
	// left is how many bytes of the message are still to come, body how many of
	// them belong to the section of kind 0, and skip to what is of no interest.
	left, body, skip uint32
	// trailer is the length of the checksum, if any.
	trailer uint32
	stage   stage
	// named says that the command's name has been found.
	named bool
}

// stage is what a walker awaits.
type stage uint8

const (
	// stageRest: nothing but the message's end. The zero value, so that a
	// walker that was told nothing but a length walks over it. Terminal.
	stageRest stage = iota
	// stageSection: a section, or the end.
	stageSection
	// stageElement: a field of the section of kind 0, or its end.
	stageElement
)

// finding is what a walker has come to.
type finding uint8

const (
	// foundEnd: the message's end.
	foundEnd finding = iota
	// foundName: the field whose name is the command's, which is the first.
	foundName
	// foundDatabase: the $db, whole.
	foundDatabase
	// foundShort: the end of the input, or something of which there must be
	// more.
	foundShort
	// foundBroken: bytes that no client sends.
	foundBroken
)

// walkSections returns a walker for the sections of an OP_MSG: what follows
// its flags.
func walkSections(h header, flags uint32) walker {
	w := walker{left: uint32(h.size - headerSize - flagsSize), stage: stageSection}
	if flags&flagChecksum != 0 {
		w.trailer = 4
	}
	return w
}

// walk goes on over in, the message's next bytes, and returns how many it has
// walked over and what it has come to. A field that is found isn't walked
// over yet.
func (w *walker) walk(in []byte) (int, finding, element) {
	at := 0
	for {
		at += w.pass(in[at:])
		if w.skip > 0 {
			return at, foundShort, element{}
		}
		if w.left == 0 {
			return at, foundEnd, element{}
		}
		if found, e := w.look(in[at:]); found != foundEnd {
			return at, found, e
		}
	}
}

// pass walks over what is of no interest.
func (w *walker) pass(in []byte) int {
	n := min(w.skip, uint32(len(in)))
	w.skip -= n
	w.left -= n
	return int(n)
}

// findAgain has the $db, which was found last, be found once more.
func (w *walker) findAgain() { w.stage = stageElement }

// look takes a look at b and says what to skip. It returns foundEnd, which
// pass alone can come to, for nothing of interest.
func (w *walker) look(b []byte) (finding, element) {
	switch {
	case w.stage == stageElement:
		return w.field(b)
	case w.stage == stageSection && w.left > w.trailer:
		return w.section(b), element{}
	case w.stage == stageSection && w.left < w.trailer:
		return foundBroken, element{}
	default:
		w.stage, w.skip = stageRest, w.left
		return foundEnd, element{}
	}
}

// section reads a section's beginning: its kind and its length, which both
// kinds have.
func (w *walker) section(b []byte) finding {
	const start = 1 + 4
	if w.left < start+w.trailer {
		return foundBroken
	}
	if len(b) < start {
		return foundShort
	}
	size := binary.LittleEndian.Uint32(b[1:])
	if size < minDocument || size > w.left-w.trailer-1 || b[0] > 1 {
		return foundBroken
	}
	w.skip = start
	if b[0] == 0 {
		w.stage, w.body = stageElement, size-4
	} else {
		w.skip = 1 + size
	}
	return foundEnd
}

// field reads a field of the section of kind 0.
func (w *walker) field(b []byte) (finding, element) {
	b = b[:min(len(b), int(w.body))]
	e, v := readElement(b)
	switch {
	case v == short && len(b) < int(w.body):
		return foundShort, element{}
	case v != fine || e.size > int(w.body) || (e.kind == kindEnd) != (e.size == int(w.body)):
		return foundBroken, element{}
	case e.kind == kindEnd:
		w.stage, w.skip = stageSection, 1
		return foundEnd, element{}
	case !w.named:
		w.named = true
		return foundName, e
	case string(e.name) == nameDatabase:
		return w.database(b, e)
	}
	w.skip = uint32(e.size)
	w.body -= w.skip
	return foundEnd, element{}
}

// database reads the $db.
func (w *walker) database(b []byte, e element) (finding, element) {
	switch {
	case e.kind != kindString:
		return foundBroken, element{}
	case len(b) < e.size:
		return foundShort, element{}
	case !terminated(e.value):
		return foundBroken, element{}
	}
	w.stage = stageRest
	return foundDatabase, e
}
