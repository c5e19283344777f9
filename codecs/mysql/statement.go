package mysql

// verb is what a statement is about, as far as it is served without a backend.
type verb uint8

const (
	// verbOther: it isn't served.
	verbOther verb = iota
	// verbSet is SET, whatever is set.
	verbSet
	// verbUse is USE with a database.
	verbUse
	// verbSelect is a SELECT of system variables and a few functions.
	verbSelect
	// verbWarnings is SHOW WARNINGS.
	verbWarnings
	// verbKill is KILL with the id of a connection.
	verbKill
)

// setting is what a SET does to one variable.
type setting uint8

const (
	// settingNone: nothing that is recognised.
	settingNone setting = iota
	settingOn
	settingOff
)

// statement is a statement that was understood. Its items alias the text,
// database doesn't.
type statement struct {
	verb verb
	// database is USE's.
	database []byte
	// autocommit is what a SET does to it.
	autocommit setting
	// items are SELECT's.
	items []item
	// kill is KILL's.
	kill kill
}

// parseStatement reads one statement; several in one text aren't served.
func parseStatement(sql []byte) statement {
	l := lexer{rest: sql}
	switch first := l.next(); {
	case first.word("SET"):
		return parseSet(l)
	case first.word("USE"):
		return parseUse(l)
	case first.word("SELECT"):
		return parseSelect(l)
	case first.word("KILL"):
		return parseKill(l)
	case first.word("SHOW") && l.next().word("WARNINGS") && l.end():
		return statement{verb: verbWarnings}
	default:
		return statement{}
	}
}

// parseUse reads what follows USE.
func parseUse(l lexer) statement {
	name := l.next()
	if name.kind != tokenWord && name.kind != tokenQuoted || !l.end() {
		return statement{}
	}
	return statement{verb: verbUse, database: unquote(name)}
}

// parseSet reads what follows SET: anything, as long as it is one statement,
// but a password, which isn't to be kept.
func parseSet(l lexer) statement {
	if ahead := l; ahead.next().word("PASSWORD") {
		return statement{}
	}
	s := statement{verb: verbSet, autocommit: parseAutocommit(l)}
	for {
		switch t := l.next(); {
		case t.kind == tokenBroken, t.is(';') && !l.end():
			return statement{}
		case t.kind == tokenEnd:
			if l.within {
				return statement{}
			}
			return s
		}
	}
}

// parseAutocommit reads the assignments drivers make: [SESSION] autocommit = 0
// or 1, ON or OFF, alone in its statement.
func parseAutocommit(l lexer) setting {
	name, _ := variableName(&l, l.next())
	if name != "autocommit" {
		return settingNone
	}
	t := l.next()
	if t.is(':') {
		t = l.next()
	}
	if !t.is('=') {
		return settingNone
	}
	value := l.next()
	switch {
	case !l.end():
		return settingNone
	case value.word("1"), value.word("ON"), value.word("TRUE"):
		return settingOn
	case value.word("0"), value.word("OFF"), value.word("FALSE"):
		return settingOff
	default:
		return settingNone
	}
}
