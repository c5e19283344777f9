package progress

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

const (
	gap       = "  "
	widestBar = 30
	leastBar  = 6
	// phaseWidth keeps the bar in its place when the phase changes.
	phaseWidth = 9
)

// field is one of the line's texts. Where there isn't room for all, those with
// the highest rank go first.
type field struct {
	text string
	rank int
}

// fields returns what there is to say, the phase first.
func fields(s State, r rates) []field {
	all := []field{
		{fmt.Sprintf("%-*s", phaseWidth, s.Phase), 0},
		{percent(s), 1},
		{report.Count(s.Open) + " open", 5},
		{speed(s, r), 4},
		{failures(s), 2},
		{remaining(s), 3},
	}
	return slices.DeleteFunc(all, func(f field) bool { return f.text == "" })
}

// plain returns the line without a bar, and as long as it needs to be.
func plain(s State, r rates) string { return join(fields(s, r)) }

// compose returns a line of at most width columns. The bar takes the room that
// is left.
func compose(s State, r rates, width int) string {
	all := fields(s, r)
	for len(all) > 1 && len(join(all)) > width {
		all = slices.DeleteFunc(all, least(all))
	}
	room := width - len(join(all)) - len(gap)
	if s.Total > 0 && room >= leastBar {
		all = slices.Insert(all, 1, field{text: bar(share(s), min(room, widestBar))})
	}
	line := join(all)
	return line[:min(len(line), width)]
}

// least tells the field with the highest rank.
func least(all []field) func(field) bool {
	worst := slices.MaxFunc(all, func(a, b field) int { return a.rank - b.rank })
	return func(f field) bool { return f.rank == worst.rank }
}

func join(all []field) string {
	texts := make([]string, len(all))
	for i, f := range all {
		texts[i] = f.text
	}
	return strings.Join(texts, gap)
}

// bar is width columns long, its ends included.
func bar(share float64, width int) string {
	inside := width - 2
	full := int(share * float64(inside))
	return "[" + strings.Repeat("#", full) + strings.Repeat(".", inside-full) + "]"
}

// share is how much of the phase is behind, 0 to 1.
func share(s State) float64 {
	if !(s.Total > 0) || !(s.Done > 0) {
		return 0
	}
	return min(s.Done/s.Total, 1)
}

// percent is rounded down: 100 % means that nothing is left.
func percent(s State) string {
	if !(s.Total > 0) {
		return ""
	}
	return fmt.Sprintf("%3d%%", int(100*share(s)))
}

// speed is the rate of operations in runs that have any, else that of bytes.
func speed(s State, r rates) string {
	switch {
	case !r.known:
		return ""
	case s.Operations > 0:
		return report.Count(uint64(r.operations+0.5)) + " op/s"
	case s.Bytes > 0:
		return byteRate(r.bytes)
	default:
		return ""
	}
}

func byteRate(perSecond float64) string {
	for _, unit := range []struct {
		name string
		size float64
	}{{"GB/s", 1e9}, {"MB/s", 1e6}} {
		if perSecond >= unit.size {
			return fmt.Sprintf("%.2f %s", perSecond/unit.size, unit.name)
		}
	}
	return fmt.Sprintf("%.0f kB/s", perSecond/1e3)
}

func failures(s State) string {
	if s.Failures == 0 {
		return ""
	}
	return report.Count(s.Failures) + " failed"
}

// remaining is the time left if the phase goes on at the speed it had so far.
func remaining(s State) string {
	done := share(s)
	if done == 0 || s.Elapsed <= 0 {
		return ""
	}
	left := s.Elapsed.Seconds() * (1 - done) / done
	return duration(left) + " left"
}

// longest is beyond what is worth a forecast.
const longest = 99 * time.Hour

func duration(seconds float64) string {
	whole := int(min(seconds, longest.Seconds()) + 0.5)
	hours, minutes, rest := whole/3600, whole/60%60, whole%60
	switch {
	case hours > 0:
		return fmt.Sprintf("%d h %02d min", hours, minutes)
	case minutes > 0:
		return fmt.Sprintf("%d min %02d s", minutes, rest)
	default:
		return fmt.Sprintf("%d s", rest)
	}
}
