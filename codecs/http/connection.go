package http

import "bytes"

// connectionFields is what a head says about the connection it came by.
type connectionFields struct {
	// What Connection lists.
	close, keepAlive, upgrade bool
	// named is how many other options it lists: names of fields that are for
	// this connection only.
	named int
	// trailers: TE says that trailer fields are welcome.
	trailers bool
	// protocol is the value of the only Upgrade field.
	protocol []byte
	upgrades int
}

// maxNamed bounds the options of Connection, because each field is compared
// with each of them. Clients list two at most.
const maxNamed = 16

// note takes one field into account.
func (s *connectionFields) note(is name, value []byte) Reason {
	switch is {
	case nameConnection:
		return s.noteOptions(value)
	case nameTE:
		s.noteTE(value)
	case nameUpgrade:
		s.protocol = value
		s.upgrades++
	}
	return OK
}

func (s *connectionFields) noteOptions(list []byte) Reason {
	for len(list) > 0 {
		var option []byte
		option, list = nextElement(list)
		if len(option) == 0 {
			continue
		}
		if !isToken(option) {
			return BadConnection
		}
		s.noteOption(option)
		if s.named > maxNamed {
			return BadConnection
		}
	}
	return OK
}

func (s *connectionFields) noteOption(option []byte) {
	switch {
	case isFold(option, "close"):
		s.close = true
	case isFold(option, "keep-alive"):
		s.keepAlive = true
	case isFold(option, "upgrade"):
		s.upgrade = true
	case lookup(option) == nameOther:
		s.named++
	}
}

func (s *connectionFields) noteTE(list []byte) {
	for len(list) > 0 {
		var element []byte
		element, list = nextElement(list)
		s.trailers = s.trailers || isFold(element, "trailers")
	}
}

// persistent says that the connection goes on (RFC 9112 section 9.3).
func (s *connectionFields) persistent(minor uint8) bool {
	return !s.close && (minor >= 1 || s.keepAlive)
}

// upgradeTo returns the one protocol that may be switched to, nil if none is
// asked for properly. h2c is none: what it carries would pass unread, and
// RFC 9113 has withdrawn it.
func (s *connectionFields) upgradeTo() []byte {
	p := s.protocol
	ok := s.upgrade && s.upgrades == 1 && isProtocol(p) && !isFold(p, "h2c") && !isHTTP(p)
	if !ok {
		return nil
	}
	return p
}

func isHTTP(protocol []byte) bool {
	name, _, _ := bytes.Cut(protocol, []byte{'/'})
	return isFold(name, "http")
}

// isProtocol takes "name" or "name/version" (RFC 9110 section 7.8).
func isProtocol(b []byte) bool {
	name, version, versioned := bytes.Cut(b, []byte{'/'})
	return isToken(name) && (!versioned || isToken(version))
}
