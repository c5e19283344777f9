package top

import (
	"bytes"
	"unicode/utf8"
)

// code says which key was pressed.
type code uint8

const (
	unknownKey code = iota // one that means nothing here
	letter                 // key.r says which
	enter
	tab
	backTab
	escape
	backspace
	up
	down
	left
	right
	home
	end
	pageUp
	pageDown
	interrupt // Ctrl-C
	suspend   // Ctrl-Z
	redraw    // Ctrl-L
	clearLine // Ctrl-U
)

// key is a press of one.
type key struct {
	code code
	r    rune
}

// maxSequence is more bytes than any key's sequence has.
const maxSequence = 32

// parser makes keys of a terminal's bytes, which may come in any parts.
type parser struct {
	held []byte // the beginning of a key, at most maxSequence bytes
}

// feed takes bytes and returns the keys that are complete.
func (p *parser) feed(in []byte) (keys []key) {
	p.held = append(p.held, in...)
	for len(p.held) > 0 {
		k, n := nextKey(p.held)
		if n == 0 {
			break
		}
		keys = append(keys, k)
		p.held = p.held[n:]
	}
	p.held = bytes.Clone(p.held)
	return keys
}

// waits says that a key has begun, or was Escape: only time tells.
func (p *parser) waits() bool { return len(p.held) > 0 }

// flush returns what was held as a key, for nothing follows it.
func (p *parser) flush() []key {
	k := key{code: unknownKey}
	if string(p.held) == "\x1b" {
		k.code = escape
	}
	p.held = nil
	return []key{k}
}

// nextKey returns the first key and how many bytes it takes, 0 if it isn't complete.
func nextKey(in []byte) (key, int) {
	switch b := in[0]; {
	case b == 0x1b:
		return sequence(in)
	case b < 0x20 || b == 0x7f:
		return key{code: control(b)}, 1
	case !utf8.FullRune(in):
		return key{}, 0
	}
	r, n := utf8.DecodeRune(in)
	if r == utf8.RuneError {
		return key{}, n
	}
	return key{letter, r}, n
}

// control is the key of a control character.
func control(b byte) code {
	switch b {
	case '\r', '\n':
		return enter
	case '\t':
		return tab
	case 0x7f, '\b':
		return backspace
	case 0x03:
		return interrupt
	case 0x1a:
		return suspend
	case 0x0c:
		return redraw
	case 0x15:
		return clearLine
	}
	return unknownKey
}

// sequence is nextKey for what begins with an escape character: Escape itself, if
// what follows begins no sequence.
func sequence(in []byte) (key, int) {
	switch {
	case len(in) == 1:
		return key{}, 0
	case in[1] == '[':
		return controlSequence(in)
	case in[1] == 'O' && len(in) == 2:
		return key{}, 0
	case in[1] == 'O':
		return key{code: final(in[2])}, 3
	}
	return key{code: escape}, 1
}

// controlSequence is ECMA-48's: parameters and a final byte. The Linux console's
// function keys have a second '[' there, and a letter.
func controlSequence(in []byte) (key, int) {
	for i := 2; i < len(in); i++ {
		switch b := in[i]; {
		case i == maxSequence || b < 0x20 || b > 0x7e:
			return key{}, i // it was none
		case b == '[' && i == 2 && len(in) == 3:
			return key{}, 0
		case b == '[' && i == 2:
			return key{}, 4
		case b == '~':
			return key{code: numbered(in[2:i])}, i + 1
		case b >= 0x40:
			return key{code: final(b)}, i + 1
		}
	}
	return key{}, 0
}

// final is the key of a sequence that its last byte names.
func final(b byte) code {
	switch b {
	case 'A':
		return up
	case 'B':
		return down
	case 'C':
		return right
	case 'D':
		return left
	case 'H':
		return home
	case 'F':
		return end
	case 'Z':
		return backTab
	case 'M':
		return enter // of the keypad
	}
	return unknownKey
}

// numbered is the key of a sequence that its first parameter names. Those behind it
// tell of Shift and the like.
func numbered(parameters []byte) code {
	first, _, _ := bytes.Cut(parameters, []byte(";"))
	switch string(first) {
	case "1", "7":
		return home
	case "4", "8":
		return end
	case "5":
		return pageUp
	case "6":
		return pageDown
	}
	return unknownKey
}
