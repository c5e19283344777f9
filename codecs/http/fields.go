package http

// span is a part of a head, as offsets into it, so that it outlives a move of
// the bytes.
type span struct{ from, to uint32 }

func (s span) of(head []byte) []byte { return head[s.from:s.to] }

func (s span) empty() bool { return s.from == s.to }

// field is one checked line of a head.
type field struct {
	// from and to enclose the line with its CRLF.
	from, to uint32
	// colon is where the name ends.
	colon uint32
	value span
	is    name
	// canonical: the line is exactly "name: value CRLF" and may be copied.
	canonical bool
	// dropped: the line isn't passed on. Set before each rewriting.
	dropped bool
}

// fieldList is the checked lines of a head. Its memory is reused.
type fieldList struct {
	head   []byte
	fields []field
}

func (l *fieldList) name(f *field) []byte { return l.head[f.from:f.colon] }

func (l *fieldList) value(f *field) []byte { return f.value.of(l.head) }

// parse checks all lines from an offset to the first empty one, which ends the
// head. in ends with an empty line, but it may be a later one.
func (l *fieldList) parse(in []byte, from, limit int) (why Reason) {
	l.fields = l.fields[:0]
	for in[from] != '\r' || in[from+1] != '\n' {
		if len(l.fields) == limit {
			return TooManyFields
		}
		l.fields = append(l.fields, field{})
		if from, why = l.fields[len(l.fields)-1].parse(in, from); why != OK {
			return why
		}
	}
	l.head = in[:from+len("\r\n")]
	return OK
}

// parse checks the line that starts at an offset, and returns where it ends.
// in ends with a CRLF.
func (f *field) parse(in []byte, from int) (end int, why Reason) {
	colon := from + tokenLength(in[from:])
	if colon == from || in[colon] != ':' {
		return 0, misnamed(in, from, colon)
	}
	cr := valueEnd(in, colon+1)
	if in[cr] != '\r' || in[cr+1] != '\n' {
		return 0, misvalued(in[cr])
	}
	f.from, f.to, f.colon = uint32(from), uint32(cr+2), uint32(colon)
	f.value = trimmed(in, colon+1, cr)
	f.is = lookup(in[from:colon])
	f.canonical = int(f.value.from) == colon+2 && in[colon+1] == ' ' && int(f.value.to) == cr
	return cr + 2, OK
}

// valueEnd returns where the first control character but tab is.
func valueEnd(head []byte, from int) int {
	for {
		from += controlAt(head[from:])
		if head[from] != '\t' {
			return from
		}
		from++
	}
}

// misnamed says what is wrong with a line that has no name and colon.
func misnamed(head []byte, from, at int) Reason {
	switch {
	case at == from && isSpace(head[at]):
		return BadFold
	case head[at] == '\n' || head[at] == '\r' && head[at+1] != '\n':
		return BadLineEnd
	}
	return BadFieldName
}

// misvalued says what is wrong with the control character in a value.
func misvalued(c byte) Reason {
	if c == '\r' || c == '\n' {
		return BadLineEnd
	}
	return BadFieldValue
}

// trimmed returns head[from:to] without the white space around it.
func trimmed(head []byte, from, to int) span {
	for from < to && isSpace(head[from]) {
		from++
	}
	for to > from && isSpace(head[to-1]) {
		to--
	}
	return span{uint32(from), uint32(to)}
}
