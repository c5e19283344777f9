package main

import (
	"fmt"
	"io"
	"strings"
)

// manOptions is what the manual says before the settings; helpHead says the
// same in fewer words.
const manOptions = `.SH SYNOPSIS
.B proxy\-engine
.RI [ \-\-flag\ value ]...
.br
.B proxy\-engine top
.RI [ \-\-flag\ value ]...
.SH DESCRIPTION
Stands in front of many backends: reads just enough of each client's protocol
to know which resource it wants, asks a resolver where that lives, connects,
and passes bytes on both ways.
.PP
Every setting is a flag, a variable of the environment or a line of the file
that
.B \-\-config
names, in this order of precedence; an empty variable counts as unset.
TIME is 5s, 1m30s, or seconds; SIZE is bytes, or a number with KiB, MiB or GiB;
lists have commas.
`

const manRest = `.SH SIGNALS
.TP
.B SIGTERM, SIGINT
Stop accepting and let sessions end for as long as
.B \-\-drain\-timeout
says. A second one ends them at once.
.TP
.B SIGUSR1
Log statistics.
.SH EXIT STATUS
0, or 1 if the configuration is wrong, the engine doesn't start or it fails.
.SH EXAMPLES
.nf
proxy\-engine \-\-postgres :5432 \-\-resolver file:///etc/proxy\-engine/routes.yaml
proxy\-engine \-\-print\-config=yaml > /etc/proxy\-engine/config.yaml
proxy\-engine \-\-check \-\-config /etc/proxy\-engine/config.yaml
proxy\-engine top \-\-admin 127.0.0.1:9900
.fi
`

// printMan prints the manual page, in man(7).
func (t table) printMan(w io.Writer, date string) {
	fmt.Fprintf(w, ".TH PROXY\\-ENGINE 8 \"%s\" \"proxy\\-engine %s\" \"System administration\"\n", date, roff(release()))
	fmt.Fprint(w, ".nh\n.ad l\n.SH NAME\nproxy\\-engine \\- a proxy in front of many tenants' servers and databases\n", manOptions, ".SH OPTIONS\n")
	for _, g := range t {
		fmt.Fprintf(w, ".SS %s\n", g.title)
		for _, row := range g.rows {
			row.printMan(w)
		}
	}
	for _, sub := range subcommandList() {
		sub.printMan(w)
	}
	fmt.Fprint(w, ".SS Instead of running\n")
	for _, c := range commandList() {
		printManEntry(w, c.form(), c.usage)
	}
	fmt.Fprint(w, manRest)
}

// printMan prints the subcommand's part of the manual page.
func (s *subcommand) printMan(w io.Writer) {
	fmt.Fprintf(w, ".SS proxy\\-engine %s\n", s.name)
	printFilled(w, "", roff(s.usage))
	for _, row := range s.table().rows() {
		row.printMan(w)
	}
}

func (s *setting) printMan(w io.Writer) {
	text := s.meaning() + " Environment: " + strings.Join(s.variables(), ", ") + "."
	if d := s.standard(); d != "" {
		text += " Default: " + d + "."
	}
	printManEntry(w, strings.TrimSpace("--"+s.flag+" "+s.meta), text)
}

// printManEntry prints a paragraph with a head of its own.
func printManEntry(w io.Writer, head, text string) {
	fmt.Fprintf(w, ".TP\n.B \"%s\"\n", roff(head))
	printFilled(w, "", `\&`+roff(text))
}

// roff keeps a text's characters from being taken for requests, escapes and
// typographic ones. No line of a text begins with "." or "'", for printFilled
// breaks before words only: those begin with \& if they have to.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "^", `\(ha`, "~", `\(ti`, "`", `\(ga`, `"`, `\(dq`).Replace(text)
	return strings.NewReplacer(" .", ` \&.`, " '", ` \&'`).Replace(text)
}
