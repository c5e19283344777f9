package redis

import (
	"errors"
	"fmt"
	"strings"
)

// The placeholders of a pattern.
const (
	protocolMark = "{protocol}"
	resourceMark = "{resource}"
)

// maxResource is the longest resource id that is looked for, in bytes: longer
// ones aren't cached either.
const maxResource = 1024

// pattern makes keys of requests, and finds the resource of a key. What a client
// says can't lead to the key of another resource: it is percent-encoded, so
// that no byte of it is one that separates the placeholders, and no two
// resources have the same key.
type pattern struct {
	parts []string // literals and placeholders
}

// parsePattern refuses patterns whose keys couldn't be told apart.
func parsePattern(text string) (pattern, error) {
	var p pattern
	for rest := text; rest != ""; {
		part := nextPart(rest)
		if err := p.add(part); err != nil {
			return pattern{}, fmt.Errorf("key pattern %q: %w", text, err)
		}
		rest = rest[len(part):]
	}
	if !p.has(resourceMark) {
		return pattern{}, fmt.Errorf("key pattern %q: no %s", text, resourceMark)
	}
	return p, nil
}

// nextPart returns the placeholder or literal a pattern begins with.
func nextPart(rest string) string {
	for _, mark := range []string{protocolMark, resourceMark} {
		if strings.HasPrefix(rest, mark) {
			return mark
		}
	}
	if next := strings.IndexByte(rest[1:], '{'); next >= 0 {
		return rest[:1+next]
	}
	return rest
}

func (p *pattern) add(part string) error {
	after := len(p.parts) > 0 && isMark(p.parts[len(p.parts)-1])
	switch {
	case isMark(part) && p.has(part):
		return fmt.Errorf("%s is there twice", part)
	case !isMark(part) && strings.ContainsAny(part, "{}"):
		return fmt.Errorf("braces are for %s and %s only", protocolMark, resourceMark)
	case after && (isMark(part) || encodable(part[0])):
		return errors.New(`a placeholder must be followed by a separator such as ":"`)
	}
	p.parts = append(p.parts, part)
	return nil
}

func (p *pattern) has(mark string) bool {
	for _, part := range p.parts {
		if part == mark {
			return true
		}
	}
	return false
}

func isMark(part string) bool { return part == protocolMark || part == resourceMark }

// key returns the key of a resource.
func (p *pattern) key(protocol, resource string) string {
	var b strings.Builder
	for _, part := range p.parts {
		switch part {
		case protocolMark:
			encode(&b, protocol)
		case resourceMark:
			encode(&b, resource)
		default:
			b.WriteString(part)
		}
	}
	return b.String()
}

// resource is the inverse of key; ok is false for keys it doesn't make.
func (p *pattern) resource(key string) (resource string, ok bool) {
	for _, part := range p.parts {
		if !isMark(part) {
			if key, ok = strings.CutPrefix(key, part); !ok {
				return "", false
			}
			continue
		}
		n := run(key)
		value, ok := decode(key[:n])
		if !ok {
			return "", false
		}
		if part == resourceMark {
			resource = value
		}
		key = key[n:]
	}
	return resource, key == ""
}

// run is how many bytes at the beginning of s an encoded value may consist of.
func run(s string) int {
	for i := range len(s) {
		if !encodable(s[i]) {
			return i
		}
	}
	return len(s)
}

// encodable says that a byte may be part of an encoded value.
func encodable(c byte) bool { return plain(c) || c == '%' }

// plain says that a byte stands for itself: the unreserved characters of RFC 3986
// section 2.3.
func plain(c byte) bool {
	switch {
	case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		return true
	default:
		return c == '-' || c == '_' || c == '.' || c == '~'
	}
}

const hexDigits = "0123456789ABCDEF"

func encode(b *strings.Builder, value string) {
	for i := range len(value) {
		c := value[i]
		if plain(c) {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hexDigits[c>>4])
		b.WriteByte(hexDigits[c&15])
	}
}

// decode takes what encode writes and nothing else.
func decode(encoded string) (value string, ok bool) {
	if strings.IndexByte(encoded, '%') < 0 {
		return encoded, true
	}
	var b strings.Builder
	for i := 0; i < len(encoded); i++ {
		c := encoded[i]
		if c == '%' {
			if i+2 >= len(encoded) {
				return "", false
			}
			high, low := strings.IndexByte(hexDigits, encoded[i+1]), strings.IndexByte(hexDigits, encoded[i+2])
			if high < 0 || low < 0 || plain(byte(high<<4|low)) {
				return "", false
			}
			c = byte(high<<4 | low)
			i += 2
		}
		b.WriteByte(c)
	}
	return b.String(), true
}
