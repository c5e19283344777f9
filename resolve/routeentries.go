package resolve

import "bytes"

// The YAML parser takes time and memory in the square of the number of keys of
// a mapping in block style: 40,000 routes took 5.3 s and 6.6 GB. Therefore
// routes in block style are handed to it one at a time, and both a single
// route and a file in any other style are bounded, in bytes.
const (
	maxRouteText = 16 << 10
	maxOtherText = 256 << 10
)

// routeEntries returns the entries of the mapping under routes, and the faults
// that kept it from finding some.
func routeEntries(content []byte) (entries []routeEntry, faults []error) {
	text := string(bytes.TrimPrefix(content, []byte("\uFEFF")))
	chunks, ok, err := splitRoutes(text)
	if err != nil {
		return nil, []error{err}
	}
	if !ok {
		entries, err = chunk{text: text}.file()
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
	if len(c.text) > maxRouteText {
		return nil, c.faultAt(c.offset+1, "a route of more than %d bytes", maxRouteText)
	}
	body, err := c.parse()
	if err != nil {
		return nil, err
	}
	fields, err := c.fields(body)
	return c.entries(fields), err
}

// file returns the routes of a file in flow style, such as JSON.
func (c chunk) file() ([]routeEntry, error) {
	if len(c.text) > maxOtherText {
		return nil, c.faultAt(1, "more than %d bytes, and not in block style", maxOtherText)
	}
	body, err := c.parse()
	if err != nil {
		return nil, err
	}
	top, err := c.fields(body)
	if err != nil {
		return nil, err
	}
	for _, f := range top {
		if f.name != "routes" {
			return nil, c.fault(f.key, "%w", errOnlyRoutes)
		}
	}
	if len(top) == 0 {
		return nil, errNoRoutes
	}
	fields, err := c.fields(top[0].value)
	return c.entries(fields), err
}

func (c chunk) entries(fields []field) []routeEntry {
	entries := make([]routeEntry, len(fields))
	for i, f := range fields {
		entries[i] = newRouteEntry(f, c.offset)
	}
	return entries
}
