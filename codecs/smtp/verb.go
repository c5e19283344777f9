package smtp

import "bytes"

// verb is a command.
type verb uint8

// The commands that are told apart. verbOther is every other, verbForeign one
// of another protocol's.
const (
	verbOther verb = iota
	verbEHLO
	verbHELO
	verbSTARTTLS
	verbAUTH
	verbMAIL
	verbRCPT
	verbDATA
	verbBDAT
	verbRSET
	verbNOOP
	verbQUIT
	verbVRFY
	verbEXPN
	verbHELP
	verbForeign
)

var verbNames = []string{
	"other", "EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "BDAT",
	"RSET", "NOOP", "QUIT", "VRFY", "EXPN", "HELP", "foreign",
}

// foreign are the verbs by which a web browser that is made to send mail gives
// itself away.
var foreign = []string{"GET", "POST", "PUT", "CONNECT", "OPTIONS"}

// String returns the verb in upper case.
func (v verb) String() string { return nameOf(verbNames, int(v)) }

// cutVerb returns the verb of a line and what follows the space behind it,
// without trailing spaces, which RFC 5321 section 4.1.1 wants tolerated.
func cutVerb(line []byte) (v verb, args []byte) {
	word, args, _ := bytes.Cut(line, []byte{' '})
	args = bytes.TrimRight(args, " ")
	for v := verbEHLO; v < verbForeign; v++ {
		if equalFold(word, verbNames[v]) {
			return v, args
		}
	}
	for _, name := range foreign {
		if equalFold(word, name) {
			return verbForeign, args
		}
	}
	return verbOther, args
}

// bare says that the verb takes no argument.
func (v verb) bare() bool {
	return v == verbSTARTTLS || v == verbDATA || v == verbRSET || v == verbQUIT
}

// equalFold compares with an upper case word of ASCII.
func equalFold(word []byte, upper string) bool {
	if len(word) != len(upper) {
		return false
	}
	for i := range word {
		if upperCase(word[i]) != upper[i] {
			return false
		}
	}
	return true
}

func upperCase(b byte) byte {
	if 'a' <= b && b <= 'z' {
		return b - 'a' + 'A'
	}
	return b
}

// lowerCase is for names, of which only ASCII's letters are folded.
func lowerCase(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b - 'A' + 'a'
	}
	return b
}

// appendLower appends name in lower case.
func appendLower(dst, name []byte) []byte {
	for _, b := range name {
		dst = append(dst, lowerCase(b))
	}
	return dst
}

// sameName says that two names differ in nothing but case.
func sameName(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if lowerCase(a[i]) != lowerCase(b[i]) {
			return false
		}
	}
	return true
}
