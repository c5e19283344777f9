package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// commands are the flags that ask for something else than to run.
type commands map[string]bool

const (
	cmdCheck       = "check"
	cmdPrintConfig = "print-config"
	cmdVersion     = "version"
	cmdHelp        = "help"
)

// commandUsage lists the commands in the order of the help.
var commandUsage = [...]struct{ name, usage string }{
	{cmdCheck, "Check the configuration, report everything that is wrong with it, and exit 0 or 1."},
	{cmdPrintConfig, "Print the configuration in effect and where each value comes from, and exit."},
	{cmdVersion, "Print the version and exit."},
	{cmdHelp, "Print this help and exit."},
}

func commandNames() []string {
	var names []string
	for _, c := range commandUsage {
		names = append(names, c.name)
	}
	return names
}

func isCommand(name string) bool { return slices.Contains(commandNames(), name) }

const helpHead = `Usage: proxy-engine [--flag value]...

Stands in front of many backends: reads just enough of each client's protocol
to know which resource it wants, asks a resolver where that lives, connects,
and passes bytes on both ways.

Every setting is a flag or a variable of the environment. A flag takes
precedence; an empty variable counts as unset. TIME is 5s, 1m30s, or seconds;
SIZE is bytes, or a number with KiB, MiB or GiB; lists have commas.

  proxy-engine --postgres :5432 --resolver file:///etc/proxy-engine/routes.yaml
`

// helpWidth is the width of the help in columns.
const helpWidth = 80

func (t table) printHelp(w io.Writer) {
	fmt.Fprint(w, helpHead)
	for _, g := range t {
		fmt.Fprintf(w, "\n%s:\n", g.title)
		for _, row := range g.rows {
			row.printHelp(w)
		}
	}
	fmt.Fprint(w, "\nInstead of running:\n")
	for _, c := range commandUsage {
		fmt.Fprintf(w, "  --%s\n", c.name)
		printWrapped(w, c.usage)
	}
}

func (s *setting) printHelp(w io.Writer) {
	head := strings.TrimSpace("--" + s.flag + " " + s.meta)
	fmt.Fprintf(w, "  %-34s %s\n", head, strings.Join(s.variables(), ", "))
	text := s.usage
	if d := s.standard(); d != "" {
		text += " Default: " + d + "."
	}
	printWrapped(w, text)
}

// printWrapped prints an indented paragraph.
func printWrapped(w io.Writer, text string) {
	const indent = "      "
	line := indent
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > helpWidth && line != indent {
			fmt.Fprintln(w, line)
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	fmt.Fprintln(w, line)
}

// printMarkdown prints the table of the README.
func (t table) printMarkdown(w io.Writer) {
	for _, g := range t {
		fmt.Fprintf(w, "\n**%s**\n\n| Flag | Environment | Default | Original | Meaning |\n|---|---|---|---|---|\n", g.title)
		for _, row := range g.rows {
			flag := strings.TrimSpace("--" + row.flag + " " + row.meta)
			fmt.Fprintf(w, "| `%s` | `%s` | %s | %s | %s |\n", flag, strings.Join(row.variables(), "`, `"), row.standard(), row.original, escapeCell(row.usage))
		}
	}
}

// escapeCell keeps a text's characters from being taken for Markdown.
func escapeCell(text string) string {
	return strings.NewReplacer(`\`, `\\`, "|", `\|`, "*", `\*`, "_", `\_`, "[", `\[`, "^", `\^`).Replace(text)
}

// printConfig prints every setting as a flag that would set it, and where its
// value comes from. Settings without a value are comments. Passwords are not
// shown.
func (t table) printConfig(w io.Writer) {
	for _, row := range t.rows() {
		text := "--" + row.flag
		if v := row.value.String(); v != "" {
			text += "=" + v
		} else {
			text = "# " + text
		}
		fmt.Fprintf(w, "%-48s # %s\n", text, row.origin())
	}
}

// origin says where the setting's value comes from, by name.
func (s *setting) origin() string {
	if s.source == fromEnv {
		return s.source.String() + " " + s.variable
	}
	return s.source.String()
}
