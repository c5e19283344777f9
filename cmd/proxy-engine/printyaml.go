package main

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// printAs prints the configuration in the form that --print-config names.
func (t table) printAs(form string, w io.Writer) {
	if form == asYAML {
		t.printYAML(w)
		return
	}
	t.printConfig(w)
}

const yamlHead = `# Settings of proxy-engine, for --config. Lines that begin with "#" and a name
# are defaults. A flag or a variable of the environment takes precedence.
# Passwords are shown as xxxxx.
`

// printYAML prints the configuration as a file: what is set as a setting, all
// others as comments that would set the default, if there is one.
func (t table) printYAML(w io.Writer) {
	fmt.Fprint(w, yamlHead)
	for _, g := range t {
		if g.rows[0].flag == configFlag {
			continue
		}
		fmt.Fprintf(w, "\n##### %s\n", g.title)
		for _, row := range g.rows {
			row.printYAML(w)
		}
	}
}

func (s *setting) printYAML(w io.Writer) {
	text := s.meaning()
	if s.auto != "" {
		text += " Default: " + s.auto + "."
	}
	fmt.Fprintln(w)
	printFilled(w, "# ", text)
	if s.source == fromDefault {
		fmt.Fprint(w, "#")
	}
	fmt.Fprintln(w, strings.TrimSpace(s.flag+": "+s.yaml()))
}

// yaml is the value in YAML, on one line; "", which counts as unset, if it is
// empty or a default that depends on the machine.
func (s *setting) yaml() string {
	text := s.value.String()
	r, ok := s.value.(repeatable)
	switch {
	case text == "", s.source == fromDefault && s.auto != "":
		return ""
	case !ok:
		return quoteYAML(text)
	}
	var items []string
	for _, item := range r.items() {
		items = append(items, quoteYAML(item))
	}
	return "[" + strings.Join(items, ", ") + "]"
}

// plainYAML are texts that mean themselves in YAML, without quotes.
var plainYAML = regexp.MustCompile(`^[a-zA-Z0-9/][a-zA-Z0-9./:_-]*[a-zA-Z0-9/_]$|^[a-zA-Z0-9]$`)

// quoteYAML writes a text so that it is read as it is. Go's escapes are YAML's
// too.
func quoteYAML(text string) string {
	if plainYAML.MatchString(text) && text != "null" {
		return text
	}
	return strconv.Quote(text)
}
