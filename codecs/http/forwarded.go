package http

import "bytes"

// appendForwarded appends who the client is, behind what trusted proxies
// before us have said: X-Forwarded-For and Forwarded are lists that grow by
// one element, Host and Proto are set once.
func (r *Request) appendForwarded(dst []byte, to *Forwarding) []byte {
	if len(to.Client) > 0 || r.has(nameForwardedFor) && to.Trusted {
		dst = append(dst, "X-Forwarded-For: "...)
		dst = r.appendBefore(dst, nameForwardedFor, to)
		dst = append(appendOr(dst, to.Client, "unknown"), "\r\n"...)
	}
	if !to.Trusted || !r.has(nameForwardedProto) {
		dst = appendLine(dst, "X-Forwarded-Proto", scheme(to.TLS))
	}
	authority := r.Authority()
	if len(authority) > 0 && (!to.Trusted || !r.has(nameForwardedHost)) {
		dst = appendLine(dst, "X-Forwarded-Host", authority)
	}
	dst = append(dst, "Forwarded: "...)
	dst = r.appendBefore(dst, nameForwarded, to)
	return append(appendElement(dst, to, authority), "\r\n"...)
}

func (r *Request) has(is name) bool {
	for i := range r.fields {
		if r.fields[i].is == is {
			return true
		}
	}
	return false
}

// appendBefore appends the elements that trusted proxies have written, in one
// line, each followed by a comma.
func (r *Request) appendBefore(dst []byte, is name, to *Forwarding) []byte {
	if !to.Trusted {
		return dst
	}
	for i := range r.fields {
		f := &r.fields[i]
		if f.is == is && !f.value.empty() {
			dst = append(append(dst, r.value(f)...), ", "...)
		}
	}
	return dst
}

// appendElement appends an element of Forwarded (RFC 7239 section 4).
func appendElement(dst []byte, to *Forwarding, authority []byte) []byte {
	dst = append(dst, "for="...)
	if bytes.IndexByte(to.Client, ':') >= 0 {
		dst = append(append(append(dst, `"[`...), to.Client...), `]"`...)
	} else {
		dst = appendOr(dst, to.Client, "unknown")
	}
	if len(authority) > 0 {
		dst = appendQuoted(append(dst, ";host="...), authority)
	}
	return append(append(dst, ";proto="...), scheme(to.TLS)...)
}

// appendQuoted appends a value that has no quotes or backslashes in it, in
// quotes unless it is a token.
func appendQuoted(dst, value []byte) []byte {
	if isToken(value) {
		return append(dst, value...)
	}
	return append(append(append(dst, '"'), value...), '"')
}

func appendOr(dst, value []byte, other string) []byte {
	if len(value) == 0 {
		return append(dst, other...)
	}
	return append(dst, value...)
}

func scheme(tls bool) string {
	if tls {
		return "https"
	}
	return "http"
}
