package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/proxy-engine/proxy-engine/resolve/strictyaml"
)

// maxConfig is the most a configuration file may have: some fifty times all
// settings, and little enough for a parser that takes time in the square of the
// number of keys.
const maxConfig = 256 << 10

// configFile is a configuration file that is being read.
type configFile struct {
	strictyaml.Chunk
	table table
	// trial takes every value once, so that what is wrong with one is told
	// though a flag or variable replaces it.
	trial table
	name  string
	*findings
}

// parseFile takes the settings of the file that --config names, but for those
// that flags and environment have set.
func (t table) parseFile(f *findings) {
	name := t.flag(configFlag).value.String()
	if name == "" {
		return
	}
	c := configFile{table: t, trial: newTable(defaults()), name: name, findings: f}
	text, err := readConfig(name)
	if err != nil {
		f.unread = true
		f.faultf("--%s: %w", configFlag, err)
		return
	}
	c.Source = text
	c.read()
}

// rereadable says what keeps a file from being read again: a pipe would be waited at forever.
func rereadable(name string) error {
	if info, err := os.Stat(name); err == nil && info.Mode()&os.ModeNamedPipe != 0 {
		return fmt.Errorf("--%s: %s is a pipe, which can't be read again", configFlag, name)
	}
	return nil // or reading it says what is wrong
}

// readConfig returns a file's text; one without any setting is "".
func readConfig(name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxConfig+1))
	switch {
	case err != nil:
		return "", err
	case len(content) > maxConfig:
		return "", fmt.Errorf("%s has more than %d bytes", name, maxConfig)
	}
	return strings.TrimPrefix(string(content), "\uFEFF"), nil
}

// read takes all settings of the file and notes all of its faults.
func (c *configFile) read() {
	if isBlank(c.Source) {
		return
	}
	body, err := c.Parse()
	if err != nil {
		c.unread = true
		c.note(err)
		return
	}
	fields, err := c.Fields(body)
	c.unread = err != nil && len(fields) == 0
	for _, err := range parts(err) {
		c.note(err)
	}
	for _, field := range fields {
		c.setting(field)
	}
}

// isBlank says that a file has nothing but comments, as an example may.
func isBlank(text string) bool {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			return false
		}
	}
	return true
}

// note adds a fault, headed by the file.
func (c *configFile) note(err error) { c.faultf("%s: %w", c.name, err) }

func (c *configFile) setting(field strictyaml.Field) {
	row := c.table.flag(field.Name)
	switch {
	case row == nil:
		c.note(c.unknown(field))
		return
	case row.flag == configFlag:
		c.note(c.Fault(field.Key, "%s: a file can't name another", row.flag))
		return
	case field.Value.Type() == ast.NullType: // counts as unset, as an empty variable does
		return
	}
	items, err := c.items(row, field.Value)
	if err != nil {
		c.note(err)
		return
	}
	c.try(c.trial.flag(row.flag), items)
	if row.source == fromDefault {
		row.source, row.variable, row.line = fromFile, c.name, c.Line(field.Key)
		for _, item := range items {
			_ = row.value.Set(item.text) // its fault has been told by try
		}
	}
}

// unknown takes the names of flags with their dashes for what they mean, too.
func (c *configFile) unknown(field strictyaml.Field) error {
	names := c.table.names(func(s *setting) string { return s.flag })
	return c.Fault(field.Key, "%s: no such setting%s", field.Name, didYouMean("", strings.TrimLeft(field.Name, "-"), names))
}

// fileItem is a text that a value is set to, and where it stands.
type fileItem struct {
	text string
	node ast.Node
}

// items returns what the setting's value is to be set to: the parts of a text,
// as of a variable's, or the texts of a list, which are not parted.
func (c *configFile) items(row *setting, n ast.Node) ([]fileItem, error) {
	scope := strictyaml.Scope{Within: row.flag + ": "}
	list, isList := n.(*ast.SequenceNode)
	if !isList {
		text, err := scope.Text(n)
		return itemsOf(row.value.split(text), n), err
	}
	if _, ok := row.value.(repeatable); !ok {
		return nil, scope.Fault(n, "want one value, found a list")
	}
	var items []fileItem
	for _, entry := range list.Values {
		text, err := scope.Text(entry)
		if err != nil {
			return nil, err
		}
		items = append(items, fileItem{text, entry})
	}
	return items, nil
}

func itemsOf(texts []string, n ast.Node) []fileItem {
	items := make([]fileItem, len(texts))
	for i, text := range texts {
		items[i] = fileItem{text, n}
	}
	return items
}

// try tells what is wrong with values. Those of a quiet setting aren't quoted.
func (c *configFile) try(row *setting, items []fileItem) {
	for _, item := range items {
		switch err := row.value.Set(item.text); {
		case err != nil && row.quiet:
			c.note(c.Fault(item.node, "%s: %w", row.flag, err))
		case err != nil:
			c.note(c.Fault(item.node, "%s %q: %w", row.flag, item.text, err))
		}
	}
}
