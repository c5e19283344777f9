package smtp

import "bytes"

// offer is what a backend's reply to EHLO lists, of what matters here.
type offer struct {
	startTLS, chunking bool
	xclient            attributes
}

func parseOffer(r reply) offer {
	var o offer
	r.lines(func(line []byte) bool {
		word, args, _ := bytes.Cut(line, []byte{' '})
		switch {
		case equalFold(word, "STARTTLS"):
			o.startTLS = true
		case equalFold(word, "CHUNKING"):
			o.chunking = true
		case equalFold(word, "XCLIENT"):
			o.xclient = parseAttributes(args)
		}
		return true
	})
	return o
}

// attributes is a set of what XCLIENT can tell.
type attributes uint8

// The attributes of XCLIENT that are known here, and served if the backend
// lists them (Postfix's XCLIENT_README).
const (
	attributeNAME attributes = 1 << iota
	attributeADDR
	attributePORT
	attributePROTO
	attributeHELO
)

var attributeNames = []string{"NAME", "ADDR", "PORT", "PROTO", "HELO"}

func (a attributes) has(b attributes) bool { return a&b != 0 }

func parseAttributes(args []byte) attributes {
	var set attributes
	for _, word := range bytes.Fields(args) {
		for i, name := range attributeNames {
			if equalFold(word, name) {
				set |= 1 << i
			}
		}
	}
	return set
}
