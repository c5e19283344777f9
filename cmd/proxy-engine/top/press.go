package top

import "slices"

// effect is what a key asks the loop for.
type effect struct {
	quit, suspend, redraw, poll bool
	order                       *order // nil if there is nothing to do
}

// maxFilter is how long a filter may be, in bytes.
const maxFilter = 64

// press changes what is shown as a key says.
func (m *model) press(k key) effect {
	switch k.code {
	case interrupt:
		return effect{quit: true}
	case suspend:
		return effect{suspend: true}
	case redraw:
		return effect{redraw: true}
	}
	switch m.mode {
	case filtering:
		m.pressFilter(k)
	case choosing:
		m.pressChoice(k)
	case confirming:
		return m.pressAnswer(k)
	case helping:
		m.mode = browsing
	default:
		return m.pressBrowse(k)
	}
	return effect{}
}

func (m *model) pressBrowse(k key) effect {
	m.message = nil
	switch k.code {
	case up:
		m.move(-1)
	case down:
		m.move(1)
	case pageUp:
		m.move(-m.page())
	case pageDown:
		m.move(m.page())
	case home:
		m.move(-len(m.rows))
	case end:
		m.move(len(m.rows))
	case tab, right:
		return m.turn((m.table + 1) % tables)
	case backTab, left:
		return m.turn((m.table + tables - 1) % tables)
	case enter:
		m.choose()
	case escape:
		m.narrow("")
	case letter:
		return m.pressLetter(k.r)
	}
	return effect{}
}

// turn is show, and has the list asked for.
func (m *model) turn(t table) effect {
	m.show(t)
	return effect{poll: true}
}

func (m *model) pressLetter(r rune) effect {
	switch r {
	case '1', '2', '3', '4':
		return m.turn(table(r - '1'))
	case '<', ',':
		m.sortNext(-1)
	case '>', '.', 's':
		m.sortNext(1)
	case 'r':
		m.reversed[m.table] = !m.reversed[m.table]
		m.settle()
	case '/':
		m.mode = filtering
	case 'k':
		m.choose()
	case 'p', ' ':
		m.paused = !m.paused
		return effect{poll: !m.paused}
	case '?', 'h':
		m.mode = helping
	case 'q':
		return effect{quit: true}
	}
	return effect{}
}

// choose begins an action on the chosen row.
func (m *model) choose() {
	r := m.chosen()
	if r == nil {
		return
	}
	m.target, m.mode = *r, choosing
	if actions := actionsOf(m.table); len(actions) == 1 {
		m.action, m.mode = actions[0], confirming
	}
}

// pressFilter edits the filter. Escape gives it up.
func (m *model) pressFilter(k key) {
	switch k.code {
	case letter:
		if text := m.filter + string(k.r); len(text) <= maxFilter {
			m.narrow(text)
		}
	case backspace:
		letters := []rune(m.filter)
		m.narrow(string(letters[:max(len(letters)-1, 0)]))
	case clearLine:
		m.narrow("")
	case escape:
		m.mode = browsing
		m.narrow("")
	case enter:
		m.mode = browsing
	case up:
		m.move(-1)
	case down:
		m.move(1)
	}
}

// pressChoice takes an action's letter. Whatever else is pressed gives it up.
func (m *model) pressChoice(k key) {
	actions := actionsOf(m.table)
	i := slices.IndexFunc(actions, func(a action) bool { return k.code == letter && a.key == k.r })
	if i < 0 {
		m.mode = browsing
		return
	}
	m.action, m.mode = actions[i], confirming
}

// pressAnswer takes y for yes, and anything else for no.
func (m *model) pressAnswer(k key) effect {
	m.mode = browsing
	if k.code != letter || k.r != 'y' && k.r != 'Y' {
		return effect{}
	}
	return effect{order: &order{m.action, m.target}}
}
