package resolve

import (
	"bytes"

	"github.com/proxy-engine/proxy-engine/resolve/strictyaml"
)

// The YAML parser takes time and memory in the square of the number of keys of
// a mapping in block style: 40,000 routes took 5.3 s and 6.6 GB. Therefore
// routes in block style are handed to it one at a time, and both a single
// route and a file in any other style are bounded, in bytes.
const (
	maxRouteText = 16 << 10
	maxOtherText = 256 << 10
)

// chunk is a part of a routes file, of whole lines.
type chunk struct{ strictyaml.Chunk }

// part is a chunk behind so many lines.
func part(text string, offset int) chunk {
	return chunk{strictyaml.Chunk{Source: text, Scope: strictyaml.Scope{Offset: offset}}}
}

// whole is all of a file.
func whole(text string) chunk { return part(text, 0) }

// routeEntries returns the entries of the mapping under routes, and the faults
// that kept it from finding some.
func routeEntries(content []byte) (entries []routeEntry, faults []error) {
	text := string(bytes.TrimPrefix(content, []byte("\uFEFF")))
	chunks, ok, err := splitRoutes(text)
	if err != nil {
		return nil, []error{err}
	}
	if !ok {
		entries, err = whole(text).file()
		return entries, asList(err)
	}
	for _, c := range chunks {
		found, err := c.routes()
		faults = append(faults, asList(err)...)
		entries = append(entries, found...)
	}
	return entries, faults
}

func asList(err error) []error {
	if err == nil {
		return nil
	}
	return []error{err}
}

// routes returns the routes of a chunk that splitRoutes made.
func (c chunk) routes() ([]routeEntry, error) {
	if len(c.Source) > maxRouteText {
		return nil, c.FaultAt(c.Offset+1, "a route of more than %d bytes", maxRouteText)
	}
	body, err := c.Parse()
	if err != nil {
		return nil, err
	}
	fields, err := c.Fields(body)
	return c.entries(fields), err
}

// file returns the routes of a file in flow style, such as JSON.
func (c chunk) file() ([]routeEntry, error) {
	if len(c.Source) > maxOtherText {
		return nil, c.FaultAt(1, "more than %d bytes, and not in block style", maxOtherText)
	}
	body, err := c.Parse()
	if err != nil {
		return nil, err
	}
	top, err := c.Fields(body)
	if err != nil {
		return nil, err
	}
	for _, f := range top {
		if f.Name != "routes" {
			return nil, c.Fault(f.Key, "%w", errOnlyRoutes)
		}
	}
	if len(top) == 0 {
		return nil, errNoRoutes
	}
	fields, err := c.Fields(top[0].Value)
	return c.entries(fields), err
}

func (c chunk) entries(fields []strictyaml.Field) []routeEntry {
	entries := make([]routeEntry, len(fields))
	for i, f := range fields {
		entries[i] = newRouteEntry(f, c.Offset)
	}
	return entries
}
