package http

// isNamed says that Connection lists a field's name, so that the field is for
// this connection only (RFC 9110 section 7.6.1). Only fields that mean nothing
// here can be named away: never Host, the framing or who the client is.
func (l *fieldList) isNamed(f *field) bool {
	fieldName := l.name(f)
	for i := range l.fields {
		if c := &l.fields[i]; c.is == nameConnection && lists(l.value(c), fieldName) {
			return true
		}
	}
	return false
}

// lists says that a comma-separated list has a token in it.
func lists(list, token []byte) bool {
	for len(list) > 0 {
		var element []byte
		if element, list = nextElement(list); equalFold(element, token) {
			return true
		}
	}
	return false
}

// appendKept appends the lines that aren't dropped, in their order. Lines that
// are written as we would write them are copied in runs, byte for byte; of the
// others only the white space around the value changes.
func (l *fieldList) appendKept(dst []byte) []byte {
	from, to := uint32(0), uint32(0) // the run so far
	for i := range l.fields {
		f := &l.fields[i]
		if !f.dropped && f.canonical {
			if f.from != to {
				dst = append(dst, l.head[from:to]...)
				from = f.from
			}
			to = f.to
			continue
		}
		dst = append(dst, l.head[from:to]...)
		from, to = 0, 0
		if !f.dropped {
			dst = appendLine(dst, l.name(f), l.value(f))
		}
	}
	return append(dst, l.head[from:to]...)
}

// appendLine appends a field.
func appendLine[N, V string | []byte](dst []byte, name N, value V) []byte {
	dst = append(dst, name...)
	dst = append(dst, ": "...)
	dst = append(dst, value...)
	return append(dst, "\r\n"...)
}

// AppendField appends a line of the caller's own for a head, such as
// Forwarding.Extra or Reply.Extra. A name or value that would break the head
// is left out with its line: what a resolver or an environment says isn't
// trusted that far.
func AppendField(dst []byte, name string, value []byte) []byte {
	if !IsToken(name) || !validValue(value) {
		return dst
	}
	return appendLine(dst, name, trim(value))
}

// IsToken says that text may be a field's name or a pseudonym in Via (RFC 9110
// section 5.6.2).
func IsToken(text string) bool {
	for i := range len(text) {
		if folded[text[i]] == 0 {
			return false
		}
	}
	return text != ""
}

// appendFraming appends the one field that says how the body ends, from what
// was understood.
func appendFraming(dst []byte, f Framing, length int64) []byte {
	switch f {
	case Length:
		return appendLength(dst, length)
	case Chunked:
		return append(dst, "Transfer-Encoding: chunked\r\n"...)
	}
	return dst
}
