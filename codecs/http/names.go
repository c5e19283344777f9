package http

// name is what is known of a field's name. Its zero value is a field that
// passes untouched.
type name uint8

const (
	nameOther name = iota
	// nameStray is a field that is never passed on: hop by hop, or spelled
	// with "_" so that a backend may take it for one that we guard.
	nameStray
	// nameSmuggled is a framing field spelled with "_".
	nameSmuggled
	nameHost
	nameContentLength
	nameTransferEncoding
	nameConnection
	nameTE
	nameTrailer
	nameUpgrade
	nameExpect
	nameAccept
	nameVia
	nameForwarded
	nameForwardedFor
	nameForwardedHost
	nameForwardedProto
	// nameForwardedOther is any other field that says where a request came
	// from, such as X-Forwarded-Port or X-Real-IP.
	nameForwardedOther
	nameRequestID
)

// knownNames are all names with a meaning here, by their length. Keep-Alive
// and HTTP2-Settings concern one connection only (RFC 9113 section 3.1 has
// obsoleted the latter). "Proxy" becomes HTTP_PROXY in a CGI program
// (CVE-2016-5385) and means nothing otherwise.
var knownNames = [18][]struct {
	lower string
	is    name
}{
	2:  {{"te", nameTE}},
	3:  {{"via", nameVia}},
	4:  {{"host", nameHost}},
	5:  {{"proxy", nameStray}},
	6:  {{"accept", nameAccept}, {"expect", nameExpect}},
	7:  {{"upgrade", nameUpgrade}, {"trailer", nameTrailer}},
	9:  {{"forwarded", nameForwarded}, {"x-real-ip", nameForwardedOther}},
	10: {{"connection", nameConnection}, {"keep-alive", nameStray}},
	12: {{"x-request-id", nameRequestID}},
	14: {{"content-length", nameContentLength}, {"http2-settings", nameStray}},
	15: {{"x-forwarded-for", nameForwardedFor}},
	16: {{"x-forwarded-host", nameForwardedHost}},
	17: {{"transfer-encoding", nameTransferEncoding}, {"x-forwarded-proto", nameForwardedProto}},
}

// lookup returns what is known of a field's name, a token.
func lookup(b []byte) name {
	if len(b) < len(knownNames) {
		for _, known := range knownNames[len(b)] {
			if foldsTo(b, known.lower) {
				return spelled(b, known.lower, known.is)
			}
		}
	}
	return lookupPrefix(b)
}

// lookupPrefix knows the names of which only the beginning counts.
func lookupPrefix(b []byte) name {
	switch folded[b[0]] {
	case 'p':
		if hasPrefix(b, "proxy-") {
			return nameStray
		}
	case 'x':
		if hasPrefix(b, "x-forwarded") {
			return spelled(b, "x-forwarded", nameForwardedOther)
		}
	}
	return nameOther
}

func hasPrefix(b []byte, lower string) bool {
	return len(b) >= len(lower) && foldsTo(b[:len(lower)], lower)
}

// spelled returns is, or what a field is that has "_" where lower has "-".
func spelled(b []byte, lower string, is name) name {
	for i := range len(lower) {
		if b[i] == '_' {
			return misspelled(is)
		}
	}
	return is
}

func misspelled(is name) name {
	if isFraming(is) {
		return nameSmuggled
	}
	return nameStray
}
