package http

// maxPhrase is the longest reason phrase in bytes.
const maxPhrase = 512

// statusLine is the checked first line of a response (RFC 9112 section 4).
type statusLine struct {
	minor  uint8
	status int
	phrase span
	// end is where the fields begin.
	end int
}

// parseStatusLine checks the line at the start of a complete head. The space
// before the phrase may be missing with the phrase: servers do that, and it is
// written anew. Statuses above 599 mean nothing, but are in use, and nothing
// hangs on them here.
func parseStatusLine(head []byte) (statusLine, Reason) {
	const size = len("HTTP/1.1 200")
	if len(head) < size+4 || !isStatusLine(head) {
		return statusLine{}, unlined(head, BadStatusLine)
	}
	line := statusLine{minor: head[7] - '0'}
	for _, c := range head[9:size] {
		line.status = line.status*10 + int(c-'0')
	}
	at := size
	if head[at] == ' ' {
		at++
	}
	end := valueEnd(head, at)
	if head[end] != '\r' || head[end+1] != '\n' {
		return line, unlined(head, BadStatusLine)
	}
	if at == size && end != size || end-at > maxPhrase || line.status < 100 {
		return line, BadStatusLine
	}
	line.phrase, line.end = span{uint32(at), uint32(end)}, end+2
	return line, OK
}

// isStatusLine says that b starts with "HTTP/1.x ddd".
func isStatusLine(b []byte) bool {
	return string(b[:7]) == "HTTP/1." && (b[7] == '0' || b[7] == '1') && b[8] == ' ' &&
		isDigit(b[9]) && isDigit(b[10]) && isDigit(b[11])
}
