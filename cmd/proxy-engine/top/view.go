package top

import (
	"fmt"
	"slices"
)

const (
	// minRows are the rows of a table that the lines above it leave room for.
	minRows = 3
	// frameLines are the tables' names, the column heads and the last line.
	frameLines = 3
)

// view returns the screen's lines, each as wide as the screen at most, and as many
// as it has.
func view(m *model) []line {
	above, room := m.divide()
	lines := append(above, m.tabs(), m.heads())
	body := m.body(room)
	lines = append(lines, body...)
	for len(lines) < m.height-1 {
		lines = append(lines, nil)
	}
	lines = append(lines[:max(m.height-1, 0)], m.foot())
	for i, l := range lines {
		lines[i] = l.fit(m.width)
	}
	return lines
}

// divide returns the lines above the table that there is room for, and how many are
// left for its rows.
func (m *model) divide() (above []line, rows int) {
	all := m.head()
	room := max(m.height-frameLines-minRows, 1)
	for len(all) > room {
		all = dropOne(all)
	}
	for _, h := range all {
		above = append(above, h.line)
	}
	return above, max(m.height-frameLines-len(above), 0)
}

// dropOne removes the last line of the highest rank.
func dropOne(all []headLine) []headLine {
	worst := 0
	for i, h := range all {
		if h.rank >= all[worst].rank {
			worst = i
		}
	}
	return slices.Delete(all, worst, worst+1)
}

// tabs is the line with the tables' names, and how the chosen one is shown.
func (m *model) tabs() line {
	var l line
	for t := range tables {
		name := fmt.Sprintf("%d %v", t+1, t)
		if t == m.table {
			l = l.say(strong, "["+name+m.counted()+"]")
			continue
		}
		l = l.say(faint, name)
	}
	if m.filter != "" || m.mode == filtering {
		l = l.say(warning, "/"+m.filter)
	}
	return l
}

// counted says how many rows there are, and of how many if that isn't all.
func (m *model) counted() string {
	if m.absence() != nil && m.filter == "" {
		return ""
	}
	if m.table == sessions && m.now.sessions.Matching > len(m.now.sessions.Sessions) {
		return fmt.Sprintf(" %d of %d", len(m.rows), m.now.sessions.Matching)
	}
	return fmt.Sprintf(" %d", len(m.rows))
}

// layout returns the indices of the columns that a width has room for, and how wide
// each is.
func layout(all []column, width int) (shown, widths []int) {
	room := width + 1
	for i, c := range all {
		shown = append(shown, i)
		room -= c.width + 1
	}
	for room < 0 {
		worst := 0
		for i, c := range shown {
			if all[c].rank >= all[shown[worst]].rank {
				worst = i
			}
		}
		if all[shown[worst]].rank == 0 {
			break
		}
		room += all[shown[worst]].width + 1
		shown = slices.Delete(shown, worst, worst+1)
	}
	return shown, widen(all, shown, max(room, 0))
}

// widen gives what is left to the columns that grow, in equal parts.
func widen(all []column, shown []int, room int) (widths []int) {
	growing := 0
	for _, i := range shown {
		if all[i].grows {
			growing++
		}
	}
	for _, i := range shown {
		w := all[i].width
		if all[i].grows {
			w += room / growing
			room -= room / growing
			growing--
		}
		widths = append(widths, w)
	}
	return widths
}

// heads is the line with the columns' titles. That by which rows are sorted has a
// mark: ^ for the smallest first.
func (m *model) heads() line {
	all := columnsOf(m.table)
	shown, widths := layout(all, m.width)
	var l line
	for n, i := range shown {
		title := all[i].title
		if i == m.sortBy[m.table] {
			title = m.marked(all[i], widths[n])
		}
		l = append(l, span{pad(title, widths[n], all[i].number), heading})
		if n < len(shown)-1 {
			l = append(l, span{" ", heading})
		}
	}
	return l
}

func (m *model) marked(c column, width int) string {
	mark := "v"
	if c.number == m.reversed[m.table] {
		mark = "^"
	}
	return c.title[:min(len(c.title), width-1)] + mark
}

// body are the lines below the heads: rows, why there are none, or the help.
func (m *model) body(room int) []line {
	if m.mode == helping {
		return help()
	}
	if why := m.absence(); why != nil {
		return []line{why}
	}
	shown, widths := layout(columnsOf(m.table), m.width)
	var lines []line
	for i := m.offset; i < min(m.offset+room, len(m.rows)); i++ {
		lines = append(lines, m.row(i, shown, widths))
	}
	return lines
}

// absence says why there are no rows, nil if there are.
func (m *model) absence() line {
	switch {
	case m.now == nil || m.table != listeners && m.now.table != m.table:
		return line{}.say(faint, "asking for "+m.table.String()+"...")
	case m.now.table == m.table && m.now.listErr != nil:
		return line{}.say(warning, "not available: "+m.now.listErr.Error())
	case len(m.rows) == 0 && m.filter != "":
		return line{}.say(faint, "no "+m.table.String()+" with "+m.filter)
	case len(m.rows) == 0:
		return line{}.say(faint, "no "+m.table.String())
	}
	return nil
}

func (m *model) row(i int, shown, widths []int) line {
	var l line
	all := columnsOf(m.table)
	for n, c := range shown {
		cell := m.rows[i].cells[c]
		if i == m.index {
			cell.style = chosen
		}
		l = append(l, span{pad(cell.text, widths[n], all[c].number), cell.style})
		if n < len(shown)-1 {
			l = append(l, span{" ", l[0].style.between()})
		}
	}
	return l
}

// between is the style of the space behind a cell.
func (s style) between() style {
	if s == chosen {
		return chosen
	}
	return plain
}

// foot is the last line: what keys do now, or what they did.
func (m *model) foot() line {
	switch {
	case m.mode == filtering:
		return line{}.say(strong, "/"+m.filter+"_").say(faint, "Enter keeps, Esc clears")
	case m.mode == choosing:
		l := line{}.say(strong, m.target.label+":")
		for _, a := range actionsOf(m.table) {
			l = l.say(warning, string(a.key)).say(plain, a.verb)
		}
		return l.say(faint, "Esc")
	case m.mode == confirming:
		return line{}.say(strong, "[y/n]").say(bad, order{m.action, m.target}.String()+"?")
	case m.mode == helping:
		return line{}.say(faint, "any key leads back")
	case m.message != nil:
		return m.message
	}
	return line{}.say(faint, "Tab tables  s sort  r reverse  / filter  Enter act  p pause  ? help  q quit")
}
