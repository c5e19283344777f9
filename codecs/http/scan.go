package http

import "bytes"

// Scan remembers how far an incomplete head has been searched, so that a peer
// that sends one byte at a time costs no more than one that doesn't. One per
// connection; the zero value is ready for the next head, and what completes
// or refuses a head leaves it so.
type Scan struct{ checked uint32 }

var headEnd = []byte("\r\n\r\n")

// find returns how many bytes of in hold the whole head that starts at an
// offset, 0 for one that is incomplete. They end with an empty line, but the
// head may be shorter: mostly in is just one head or several, and searching
// for what the parser will come across is spared.
func (s *Scan) find(in []byte, start, limit int) (int, Reason) {
	limit += start
	if len(in) <= limit && bytes.HasSuffix(in[start:], headEnd) {
		s.checked = 0
		return len(in), OK
	}
	window := in[:min(len(in), limit)]
	// The end may have begun in what was seen before.
	from := max(start, int(s.checked)-len(headEnd)+1)
	if at := bytes.Index(window[from:], headEnd); at >= 0 {
		s.checked = 0
		return from + at + len(headEnd), OK
	}
	why := OK
	switch {
	// A head with a line that ends in a bare LF might never have the end that
	// is waited for.
	case bareLF(window, int(s.checked)):
		why = BadLineEnd
	case len(in) >= limit:
		why = HeadTooLarge
	}
	s.checked = uint32(len(in))
	if why != OK {
		s.checked = 0
	}
	return 0, why
}

// bareLF says that in has an LF at or behind an offset, and no CR before it.
func bareLF(in []byte, from int) bool {
	for {
		at := bytes.IndexByte(in[from:], '\n')
		if at < 0 {
			return false
		}
		from += at
		if from == 0 || in[from-1] != '\r' {
			return true
		}
		from++
	}
}
