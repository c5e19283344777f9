package mysql

import "bytes"

// item is one expression of a SELECT.
type item struct {
	// name is the column's: the alias, or the text of the expression.
	name []byte
	// variable is a system variable's name, in lower case, "" for others.
	variable string
	// function is a function's name, in lower case, "" for others.
	function string
	// number is a literal, nil for others.
	number []byte
}

// maxItems is how many expressions a SELECT may have: drivers ask for some 20.
const maxItems = 64

// parseSelect reads what follows SELECT.
func parseSelect(l lexer) statement {
	s := statement{verb: verbSelect}
	for len(s.items) < maxItems {
		one, follows, ok := parseItem(&l)
		if !ok {
			return statement{}
		}
		s.items = append(s.items, one)
		if follows.is(',') {
			continue
		}
		if endOfSelect(&l, follows) {
			return s
		}
		return statement{}
	}
	return statement{}
}

// endOfSelect says that a SELECT ends here, after a LIMIT maybe, which is of
// one row at least.
func endOfSelect(l *lexer, t token) bool {
	if t.word("LIMIT") {
		count := l.next()
		return isNumber(count) && !count.word("0") && l.end()
	}
	return t.kind == tokenEnd && !l.within || t.is(';') && l.end()
}

// parseItem reads an expression and its alias, and the token behind.
func parseItem(l *lexer) (it item, follows token, ok bool) {
	before := skipped(l)
	first := l.next()
	switch name, isVariable := variableName(l, first); {
	case isVariable && first.is('@'):
		it.variable = name
	case isNumber(first):
		it.number = first.text
	case first.kind == tokenWord && l.next().is('(') && l.next().is(')'):
		it.function = lower(first.text)
	default:
		return item{}, token{}, false
	}
	it.name = before[:len(before)-len(l.rest)]
	follows, ok = it.alias(l)
	return it, follows, ok
}

// skipped returns the text of the next token and all behind it.
func skipped(l *lexer) []byte {
	l.skipSpace()
	return l.rest
}

// alias reads an alias, if there is one, and the token behind.
func (it *item) alias(l *lexer) (follows token, ok bool) {
	t := l.next()
	explicit := t.word("AS")
	if explicit {
		t = l.next()
	}
	named := t.kind == tokenWord || t.kind == tokenQuoted || t.kind == tokenString
	if named && (explicit || !t.word("LIMIT")) {
		it.name = unquote(t)
		return l.next(), true
	}
	return t, !explicit
}

// variableName reads the name of a system variable that begins with the token
// given: @@name, @@scope.name, or, as in a SET, name and SESSION name. It is in
// lower case. A word that isn't a variable is left alone.
func variableName(l *lexer, first token) (name string, ok bool) {
	t := first
	if first.is('@') {
		if !l.next().is('@') {
			return "", false
		}
		t = l.next()
		if isScope(t) && bytes.HasPrefix(l.rest, []byte(".")) {
			l.next()
			t = l.next()
		}
	} else if isScope(t) {
		t = l.next()
	}
	return lower(t.text), t.kind == tokenWord
}

func isScope(t token) bool {
	return t.word("SESSION") || t.word("GLOBAL") || t.word("LOCAL")
}

func isNumber(t token) bool {
	if t.kind != tokenWord {
		return false
	}
	for _, b := range t.text {
		if b < '0' || b > '9' {
			return false
		}
	}
	return true
}

func lower(text []byte) string { return string(bytes.ToLower(text)) }
