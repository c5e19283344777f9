package main

import (
	"fmt"
	"io"
	"strings"
)

const helpHead = `Usage: proxy-engine [--flag value]...
       proxy-engine top [--flag value]...

Stands in front of many backends: reads just enough of each client's protocol
to know which resource it wants, asks a resolver where that lives, connects,
and passes bytes on both ways.

Every setting is a flag, a variable of the environment or a line of the file
that --config names, in this order of precedence; an empty variable counts as
unset. TIME is 5s, 1m30s, or seconds;
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
	fmt.Fprint(w, "\nSubcommands (proxy-engine help NAME):\n")
	for _, sub := range subcommandList() {
		fmt.Fprintf(w, "  %s [--flag value]...\n", sub.name)
		printWrapped(w, sub.usage)
	}
	fmt.Fprint(w, "\nInstead of running:\n")
	for _, c := range commandList() {
		fmt.Fprintf(w, "  %s\n", c.form())
		printWrapped(w, c.usage)
	}
}

func (s *setting) printHelp(w io.Writer) {
	head := strings.TrimSpace("--" + s.flag + " " + s.meta)
	fmt.Fprintf(w, "  %-34s %s\n", head, strings.Join(s.variables(), ", "))
	text := s.meaning()
	if d := s.standard(); d != "" {
		text += " Default: " + d + "."
	}
	printWrapped(w, text)
}

// printWrapped prints an indented paragraph.
func printWrapped(w io.Writer, text string) { printFilled(w, "      ", text) }

// printFilled prints a paragraph of the help's width, each line with an indent.
func printFilled(w io.Writer, indent, text string) {
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

// printMarkdown prints the tables of docs/settings.md.
func (t table) printMarkdown(w io.Writer) {
	for _, g := range t {
		fmt.Fprintf(w, "\n## %s\n\n| Flag | Environment | Default | Original | Meaning |\n|---|---|---|---|---|\n", g.title)
		for _, row := range g.rows {
			row.printMarkdown(w)
		}
	}
}

// printMarkdown prints the row of the setting.
func (s *setting) printMarkdown(w io.Writer) {
	flag := strings.TrimSpace("--" + s.flag + " " + s.meta)
	fmt.Fprintf(w, "| `%s` | `%s` | %s | %s | %s |\n", flag, strings.Join(s.variables(), "`, `"), s.standard(), s.original, escapeCell(s.meaning()))
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
	switch s.source {
	case fromEnv:
		return s.source.String() + " " + s.variable
	case fromFile:
		return fmt.Sprintf("%s %s:%d", s.source, s.variable, s.line)
	default:
		return s.source.String()
	}
}
