package main

import (
	"slices"
	"strings"
)

// flagParser goes through the arguments: --name value, --name=value and
// --switch, with two dashes or one. It goes on after a fault, so that all of
// them are found.
type flagParser struct {
	table table
	rest  []string
	*findings
	commands commands
}

func (p *flagParser) parse() {
	for len(p.rest) > 0 {
		arg := p.take()
		text, isFlag := cutDashes(arg)
		if !isFlag {
			p.faultf("%q: not a flag", arg)
			continue
		}
		p.flag(strings.Cut(text, "="))
	}
}

// take returns the next argument, which must exist.
func (p *flagParser) take() string {
	arg := p.rest[0]
	p.rest = p.rest[1:]
	return arg
}

// cutDashes says whether the argument is a flag and returns it without its
// dashes.
func cutDashes(arg string) (string, bool) {
	text, isFlag := strings.CutPrefix(arg, "-")
	text = strings.TrimPrefix(text, "-")
	return text, isFlag && text != ""
}

func (p *flagParser) flag(name, text string, hasValue bool) {
	row := p.table.flag(name)
	switch {
	case name == "h":
		p.command(commandNamed(cmdHelp), text, hasValue)
	case isCommand(name):
		p.command(commandNamed(name), text, hasValue)
	case row == nil:
		p.unknown(name, hasValue)
	case hasValue:
		p.set(row, text)
	case row.isSwitch():
		p.set(row, "true")
	case len(p.rest) == 0 || strings.HasPrefix(p.rest[0], "--"):
		p.faultf("--%s: needs a value, %s", name, row.meta)
	default:
		p.set(row, p.take())
	}
}

func (p *flagParser) command(c *command, text string, hasValue bool) {
	if !hasValue && c.takesValue() && len(p.rest) > 0 {
		text, hasValue = p.take(), true
	}
	switch {
	case hasValue && c.choices == nil:
		p.faultf("--%s: takes no value", c.name)
	case hasValue && !slices.Contains(c.choices, text), !hasValue && c.takesValue():
		p.faultf("--%s %q: want %s", c.name, text, strings.Join(c.choices, ", "))
	}
	p.commands[c.name] = text
}

// unknown leaves out what looks like the flag's value, which would only be
// reported as a second fault.
func (p *flagParser) unknown(name string, hasValue bool) {
	names := append(p.table.names(func(s *setting) string { return s.flag }), commandNames()...)
	p.faultf("--%s: no such flag%s", name, didYouMean("--", name, names))
	if !hasValue && len(p.rest) > 0 && !strings.HasPrefix(p.rest[0], "-") {
		p.take()
	}
}

func (p *flagParser) set(row *setting, text string) {
	row.source = fromFlag
	row.set("--"+row.flag, text, p.findings)
}
