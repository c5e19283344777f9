package http

import "bytes"

var jsonSubtype = []byte("json")

// acceptsJSON says that the value of an Accept field names JSON, and not with
// weight 0 (RFC 9110 section 12.5.1). "*/*" doesn't name it: plain text suits
// whoever takes anything. Browsers' long lists mostly end at the first look,
// which expects lower case: taken for plain text, nobody is worse off.
func acceptsJSON(list []byte) bool {
	if !bytes.Contains(list, jsonSubtype) {
		return false
	}
	for len(list) > 0 {
		var element []byte
		element, list = nextElement(list)
		media, parameters, _ := bytes.Cut(element, []byte{';'})
		if isJSON(trim(media)) && !weighsNothing(parameters) {
			return true
		}
	}
	return false
}

// isJSON knows application/json and its descendants (RFC 6839 section 3.1).
func isJSON(media []byte) bool {
	kind, subtype, _ := bytes.Cut(media, []byte{'/'})
	if !isFold(kind, "application") {
		return false
	}
	if plus := bytes.LastIndexByte(subtype, '+'); plus >= 0 {
		subtype = subtype[plus+1:]
	}
	return isFold(subtype, "json")
}

// weighsNothing says that the weight among parameters is zero.
func weighsNothing(parameters []byte) bool {
	for len(parameters) > 0 {
		var p []byte
		p, parameters, _ = bytes.Cut(parameters, []byte{';'})
		name, value, _ := bytes.Cut(trim(p), []byte{'='})
		if isFold(name, "q") {
			return len(bytes.Trim(value, "0.")) == 0
		}
	}
	return false
}
