package top

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/proxy-engine/proxy-engine/engine/admin/api"
)

// headLine is a line above the table.
type headLine struct {
	line line
	// rank is how early it goes when the screen is low: those of the highest first.
	rank int
}

// maxLoopLines are the lines that event loops have together.
const maxLoopLines = 4

// head are the lines above the table, for a screen of any height.
func (m *model) head() []headLine {
	lines := []headLine{{m.title(), 0}}
	if m.trouble != nil {
		lines = append(lines, headLine{line{}.say(bad, "NO ANSWER from "+m.server+", trying again: "+m.trouble.Error()), 0})
	}
	if m.now == nil {
		return lines
	}
	s := &m.now.stats
	lines = append(lines, headLine{m.traffic(s), 1})
	if s.Process != (api.Process{}) {
		lines = append(lines, headLine{m.process(s), 4})
	}
	for _, l := range m.loops(s) {
		lines = append(lines, headLine{l, 5})
	}
	lines = append(lines, headLine{protocols(s), 6})
	if l := m.faultCounts(s); l != nil {
		lines = append(lines, headLine{l, 2})
	}
	lines = append(lines, headLine{m.ended(s), 3})
	if l := starting(&s.ColdStarts); l != nil {
		lines = append(lines, headLine{l, 2})
	}
	return lines
}

// title is what runs, and how it is.
func (m *model) title() line {
	l := line{}.say(strong, "proxy-engine")
	if m.now == nil {
		return l.say(plain, "at "+m.server)
	}
	s := &m.now.stats
	if s.Draining {
		l = l.say(bad, "DRAINING")
	} else {
		l = l.say(good, "ready")
	}
	if m.paused {
		l = l.say(warning, "PAUSED")
	}
	if !s.Started.IsZero() {
		l = l.say(plain, "up "+formatAge(s.Time.Sub(s.Started).Seconds()), formatClock(s.Time))
	}
	return l.say(plain, m.server).say(faint, s.Impl, strings.TrimPrefix(s.Version, "proxy-engine "))
}

// figure is a value with its label before it.
func (l line) figure(label, value string) line {
	if len(l) > 0 {
		l = append(l, span{"  ", plain})
	}
	return l.with(faint, label+" ").with(plain, value)
}

// traffic are sessions and bytes.
func (m *model) traffic(s *api.Stats) line {
	before := m.interval.stats()
	active := fmt.Sprint(s.Active)
	if s.MaxSessions > 0 {
		active += fmt.Sprintf("/%d", s.MaxSessions)
	}
	l := line{}.figure("sessions", active).
		figure("new", perSecond(formatRate, m.interval.rate(before.Accepted, s.Accepted))).
		figure("in", perSecond(formatSize, m.interval.rate(before.FromClients, s.FromClients))).
		figure("out", perSecond(formatSize, m.interval.rate(before.ToClients, s.ToClients)))
	if s.Requests > 0 {
		l = l.figure("req", perSecond(formatRate, m.interval.rate(before.Requests, s.Requests)))
	}
	return l.figure("hits", formatPercent(hits(m.interval, &before.Routes, &s.Routes)))
}

// perSecond is a rate with its unit.
func perSecond(format func(float64) string, rate float64) string {
	if rate < 0 {
		return none
	}
	return format(rate) + "/s"
}

// hits is the share of routes that were cached.
func hits(i interval, before, now *api.Routes) float64 {
	hit, asked := i.rate(before.Hits, now.Hits), i.rate(before.Asked, now.Asked)
	if hit < 0 || asked < 0 || hit+asked == 0 {
		return unknown
	}
	return hit / (hit + asked)
}

// process is what the proxy uses of the machine.
func (m *model) process(s *api.Stats) line {
	p := &s.Process
	files := fmt.Sprint(p.Files)
	if p.MaxFiles > 0 {
		files += fmt.Sprintf("/%d", p.MaxFiles)
	}
	return line{}.figure("CPU", formatPercent(m.interval.share(m.interval.stats().Process.CPU, p.CPU))).
		figure("memory", formatSize(float64(p.Memory))).figure("heap", formatSize(float64(p.Heap))).
		figure("files", files).figure("goroutines", fmt.Sprint(p.Goroutines))
}

// barWidth is a loop's bar, in columns.
const barWidth = 10

// loops are the event loops' lines, as many in each as have room.
func (m *model) loops(s *api.Stats) (lines []line) {
	before := m.interval.stats().Loops
	var cells []line
	for i, now := range s.Loops {
		var was api.Loop
		known := i < len(before)
		if known {
			was = before[i]
		}
		share := m.interval.share(was.Busy, now.Busy)
		if !known {
			share = unknown
		}
		cells = append(cells, loopCell(i, share, now))
	}
	for row := range slices.Chunk(cells, max((m.width+2)/(loopWidth+2), 1)) {
		if len(lines) == maxLoopLines {
			break
		}
		lines = append(lines, join(row))
	}
	return lines
}

// loopWidth is a loop's, in columns.
const loopWidth = 39

func loopCell(i int, share float64, now api.Loop) line {
	look := good
	if share > 0.6 {
		look = warning
	}
	if share > 0.85 {
		look = bad
	}
	filled := int(max(min(share, 1), 0)*barWidth + 0.5)
	text := fmt.Sprintf("%5s sess lag %s", formatCount(float64(now.Sessions)), formatLag(now.Lag))
	l := line{}.with(faint, fmt.Sprintf("%-3d", i)).with(plain, "[").with(look, strings.Repeat("|", filled)).
		with(plain, strings.Repeat(" ", barWidth-filled)+fmt.Sprintf("%4s]", formatPercent(share)))
	return l.with(plain, pad(text, loopWidth-l.columns(), false))
}

// join puts lines beside each other.
func join(cells []line) (l line) {
	for i, c := range cells {
		if i > 0 {
			l = append(l, span{"  ", plain})
		}
		l = append(l, c...)
	}
	return l
}

// protocols are the sessions of each.
func protocols(s *api.Stats) line {
	active := make(map[string]uint64)
	for _, l := range s.Listeners {
		active[l.Protocol] += l.Active
	}
	l := line{}.with(faint, "protocols")
	return l.amounts(active, func(string) style { return plain })
}

// amounts are figures, the largest first.
func (l line) amounts(of map[string]uint64, look func(string) style) line {
	names := slices.SortedFunc(maps.Keys(of), func(a, b string) int { return cmp.Or(cmp.Compare(of[b], of[a]), cmp.Compare(a, b)) })
	for _, name := range names {
		l = append(l, span{"  ", plain}).with(look(name), fmt.Sprintf("%s %d", name, of[name]))
	}
	return l
}

// ended are the reasons that sessions ended for since the poll before.
func (m *model) ended(s *api.Stats) line {
	l := line{}.with(faint, "ended")
	before := m.interval.stats()
	all := gains(before.Closed, s.Closed)
	for name, n := range gains(before.Refused, s.Refused) {
		all["refused: "+name] = n
	}
	if m.interval.before == nil {
		return l.say(plain, none)
	}
	if len(all) == 0 {
		return l.say(plain, "none")
	}
	return l.amounts(all, func(name string) style {
		if isOrdinary(name) {
			return plain
		}
		return bad
	})
}

// isOrdinary says that a reason is the daily end of a session.
func isOrdinary(reason string) bool {
	switch reason {
	case "client_closed", "backend_closed", "client_reset", "backend_reset", "client_gone", "idle_timeout", "moved":
		return true
	}
	return false
}

// faultCounts are the faults of the proxy itself since its start, nil for none.
func (m *model) faultCounts(s *api.Stats) line {
	faults := make(map[string]uint64)
	for name, n := range map[string]uint64{"panics": s.Panics, "accepts without descriptors": s.AcceptExhausted, "dropped notifications": s.TrackingDropped} {
		if n > 0 {
			faults[name] = n
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return line{}.with(faint, "faults").amounts(faults, func(string) style { return bad })
}

// starting are the cold starts under way, nil for none.
func starting(c *api.ColdStarts) line {
	if c.Starting == 0 && len(c.UnderWay) == 0 {
		return nil
	}
	l := line{}.with(faint, "starting").with(warning, fmt.Sprintf("  %d, %d wait", max(c.Starting, len(c.UnderWay)), c.Waiting))
	for _, s := range c.UnderWay {
		l = l.with(plain, fmt.Sprintf("  %s %s %s (%d)", truncate(clean(s.Resource), 24), s.Phase, formatAge(s.Age), s.Waiting))
	}
	return l
}
