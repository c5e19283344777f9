package http1

// TagSize is the number of hexadecimal digits of a tag.
const TagSize = 16

// TagName is the header field that carries a request's tag.
const TagName = "X-Loadtest-Tag"

// putTag writes the digits of a tag, lower case.
func putTag(to *[TagSize]byte, tag uint64) {
	const digits = "0123456789abcdef"
	for i := range to {
		to[i] = digits[tag>>60]
		tag <<= 4
	}
}

// parseTag reads the digits of a tag.
func parseTag(b []byte) (tag uint64, ok bool) {
	tag, ok = parseHex(b)
	return tag, ok && len(b) == TagSize
}
