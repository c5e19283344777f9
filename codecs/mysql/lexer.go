package mysql

import "bytes"

// tokenKind is the kind of a token of SQL.
type tokenKind uint8

const (
	// tokenEnd: nothing is left.
	tokenEnd tokenKind = iota
	// tokenWord: a name, keyword or number.
	tokenWord
	// tokenQuoted: a name within backquotes.
	tokenQuoted
	// tokenString: text within quotes.
	tokenString
	// tokenSymbol: any other byte.
	tokenSymbol
	// tokenBroken: quotes or a comment without their end. Nothing follows.
	tokenBroken
)

// token is a token and its text as it stands in the statement.
type token struct {
	kind tokenKind
	text []byte
}

// is says that the token is that symbol.
func (t token) is(symbol byte) bool { return t.kind == tokenSymbol && t.text[0] == symbol }

// word says that the token is that keyword, in capitals.
func (t token) word(keyword string) bool {
	return t.kind == tokenWord && len(t.text) == len(keyword) && bytes.EqualFold(t.text, []byte(keyword))
}

// lexer takes a statement apart, in the server's default mode: double quotes
// are those of text. It only has to be right about the few statements that are
// served without a backend, and never to take another for one.
type lexer struct {
	rest []byte
	// within says that it is inside a comment whose text counts.
	within bool
}

// next returns the next token.
func (l *lexer) next() token {
	if !l.skipSpace() {
		return l.broken()
	}
	if len(l.rest) == 0 {
		return token{kind: tokenEnd}
	}
	switch first := l.rest[0]; {
	case first == '`':
		return l.quoted(tokenQuoted)
	case first == '\'' || first == '"':
		return l.quoted(tokenString)
	case isWord(first):
		return l.cut(tokenWord, wordSize(l.rest))
	default:
		return l.cut(tokenSymbol, 1)
	}
}

// end says that nothing follows but semicolons.
func (l *lexer) end() bool {
	for {
		t := l.next()
		if !t.is(';') {
			return t.kind == tokenEnd && !l.within
		}
	}
}

func (l *lexer) cut(kind tokenKind, size int) token {
	t := token{kind: kind, text: l.rest[:size]}
	l.rest = l.rest[size:]
	return t
}

func (l *lexer) broken() token {
	l.rest = nil
	return token{kind: tokenBroken}
}

// quoted cuts what is within the quotes that begin here, with them. They are
// doubled inside; text may also have them behind a backslash.
func (l *lexer) quoted(kind tokenKind) token {
	quote := l.rest[0]
	for i := 1; i < len(l.rest); i++ {
		switch {
		case l.rest[i] == '\\' && kind == tokenString:
			i++
		case l.rest[i] != quote:
		case i+1 < len(l.rest) && l.rest[i+1] == quote:
			i++
		default:
			return l.cut(kind, i+1)
		}
	}
	return l.broken()
}

// skipSpace skips white space and comments; ok is false if one doesn't end.
func (l *lexer) skipSpace() (ok bool) {
	for len(l.rest) > 0 {
		switch {
		case isSpace(l.rest[0]):
			l.rest = l.rest[1:]
		case l.within && bytes.HasPrefix(l.rest, []byte("*/")):
			l.rest, l.within = l.rest[2:], false
		case isLineComment(l.rest):
			_, l.rest, _ = bytes.Cut(l.rest, []byte("\n"))
		case bytes.HasPrefix(l.rest, []byte("/*!")) && !l.within:
			l.rest, l.within = skipVersion(l.rest[3:]), true
		case bytes.HasPrefix(l.rest, []byte("/*")):
			_, after, found := bytes.Cut(l.rest[2:], []byte("*/"))
			if !found {
				return false
			}
			l.rest = after
		default:
			return true
		}
	}
	return true
}

// skipVersion skips the least version that heeds a comment's text.
func skipVersion(text []byte) []byte {
	for len(text) > 0 && text[0] >= '0' && text[0] <= '9' {
		text = text[1:]
	}
	return text
}

// isLineComment says that the rest of the line is a comment. Two dashes need
// white space behind them.
func isLineComment(s []byte) bool {
	return s[0] == '#' || bytes.HasPrefix(s, []byte("--")) && (len(s) == 2 || isSpace(s[2]))
}

func isSpace(b byte) bool { return b == ' ' || b >= '\t' && b <= '\r' }

func isWord(b byte) bool {
	return b == '_' || b == '$' || b >= 0x80 || b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z'
}

func wordSize(s []byte) int {
	size := 0
	for size < len(s) && isWord(s[size]) {
		size++
	}
	return size
}

// unquote returns the name or text within a token's quotes, in new memory.
// Backslashes stay: no name that is looked up has one.
func unquote(t token) []byte {
	if t.kind == tokenWord {
		return bytes.Clone(t.text)
	}
	quote := t.text[:1]
	return bytes.ReplaceAll(t.text[1:len(t.text)-1], append(bytes.Clone(quote), quote...), quote)
}
