package top

import (
	"cmp"
	"slices"
	"strings"
)

// mode is what keys mean.
type mode uint8

const (
	browsing   mode = iota
	filtering       // they are letters of the filter
	choosing        // an action for the chosen row
	confirming      // y does it
	helping         // any leads back
)

// model is all that the screen shows. One goroutine has it.
type model struct {
	server        string
	width, height int

	now      *snapshot // the last that has figures, nil before the first
	interval interval  // up to it
	trouble  error     // why the poll after it brought none, nil if it wasn't so
	paused   bool

	table    table
	sortBy   [tables]int // a column
	reversed [tables]bool
	filter   string

	rows   []row // as shown: filtered and sorted
	index  int   // of the chosen row
	moved  bool  // it was chosen: it stays, wherever it goes
	offset int   // the first row on the screen

	mode    mode
	target  row // what is being acted on, as it was then
	action  action
	message line // what the last action came to
}

func newModel(server string, t table) *model {
	return &model{server: server, table: t, sortBy: [tables]int{resources: 3, endpoints: 4, sessions: 7, listeners: 3}}
}

// take shows a new snapshot. One that failed leaves what is there.
func (m *model) take(s *snapshot) {
	m.trouble = s.err
	if s.err == nil {
		m.interval = since(m.now, s)
		m.now = s
	}
	m.settle()
}

// resize is told of the screen's size.
func (m *model) resize(width, height int) {
	m.width, m.height = max(width, 1), max(height, 1)
	m.settle()
}

// settle makes the rows anew and keeps the chosen one, and that on the screen.
func (m *model) settle() {
	was := m.chosen()
	m.rows = nil
	if m.now != nil {
		m.rows = slices.DeleteFunc(rowsOf(m.table, m.now, m.interval), func(r row) bool { return !matches(r, m.filter) })
	}
	slices.SortStableFunc(m.rows, m.compare)
	if was != nil && m.moved {
		same := func(r row) bool { return r.subject == was.subject }
		if i := slices.IndexFunc(m.rows, same); i >= 0 {
			m.index = i
		}
	}
	m.index = max(min(m.index, len(m.rows)-1), 0)
	page := m.page()
	m.offset = max(min(m.offset, m.index, len(m.rows)-page), m.index-page+1, 0)
}

// chosen is the row that keys act on, nil if there is none.
func (m *model) chosen() *row {
	if m.index >= len(m.rows) {
		return nil
	}
	return &m.rows[m.index]
}

// matches says that a row has all words of a filter, in any letters.
func matches(r row, filter string) bool {
	var all strings.Builder
	for _, c := range r.cells {
		all.WriteString(strings.ToLower(c.text) + "\n")
	}
	for word := range strings.FieldsSeq(strings.ToLower(filter)) {
		if !strings.Contains(all.String(), word) {
			return false
		}
	}
	return true
}

// compare sorts numbers the largest first and texts by the alphabet, unless it is
// reversed.
func (m *model) compare(a, b row) int {
	by := m.sortBy[m.table]
	order := cmp.Compare(strings.ToLower(a.cells[by].text), strings.ToLower(b.cells[by].text))
	if columnsOf(m.table)[by].number {
		order = cmp.Compare(b.cells[by].n, a.cells[by].n)
	}
	if m.reversed[m.table] {
		return -order
	}
	return order
}

// page is how many rows the screen has room for.
func (m *model) page() int {
	_, rows := m.divide()
	return max(rows, 1)
}

// show turns to a table.
func (m *model) show(t table) {
	if t == m.table {
		return
	}
	m.table, m.index, m.offset, m.moved, m.message = t, 0, 0, false, nil
	m.settle()
}

// move chooses another row.
func (m *model) move(by int) {
	m.index = max(min(m.index+by, len(m.rows)-1), 0)
	m.moved = m.index > 0
	m.settle()
}

// sortNext sorts by the shown column so many to the right.
func (m *model) sortNext(by int) {
	shown, _ := layout(columnsOf(m.table), m.width)
	at := max(slices.Index(shown, m.sortBy[m.table]), 0)
	m.sortBy[m.table] = shown[(at+by+len(shown))%len(shown)]
	m.reversed[m.table] = false
	m.settle()
}

// narrow changes the filter.
func (m *model) narrow(filter string) {
	m.filter = filter
	m.settle()
}
