package top

import (
	"fmt"
	"time"
)

// unknown is the value of what can't be known yet, such as a rate before the second
// poll. No figure is negative.
const unknown = -1

// none is shown in its place.
const none = "-"

// formatCount is a number of at most five columns.
func formatCount(n float64) string {
	switch {
	case n < 0:
		return none
	case n < 99_999.5:
		return fmt.Sprintf("%.0f", n)
	case n < 9_999_500:
		return fmt.Sprintf("%.0fk", n/1e3)
	case n < 9_999_500_000:
		return fmt.Sprintf("%.0fM", n/1e6)
	}
	return fmt.Sprintf("%.0fG", n/1e9)
}

// formatRate is a number in a second, of at most five columns.
func formatRate(n float64) string {
	if n > 0 && n < 9.95 {
		return fmt.Sprintf("%.1f", n)
	}
	return formatCount(n)
}

// formatSize is a number of bytes in at most seven columns.
func formatSize(n float64) string {
	if n < 0 {
		return none
	}
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}
	i := 0
	for n >= 1023.5 && i < len(units)-1 {
		n /= 1024
		i++
	}
	if i > 0 && n < 9.95 {
		return fmt.Sprintf("%.1f%s", n, units[i])
	}
	return fmt.Sprintf("%.0f%s", n, units[i])
}

// formatAge is a length of time in at most six columns, for up to 27 years.
func formatAge(seconds float64) string {
	s := int64(seconds)
	switch {
	case seconds < 0:
		return none
	case seconds < 9.95:
		return fmt.Sprintf("%.1fs", seconds)
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	case s < 86400:
		return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
	case s < 100*86400:
		return fmt.Sprintf("%dd%02dh", s/86400, s/3600%24)
	}
	return fmt.Sprintf("%dd", s/86400)
}

// formatLag is a short time in at most five columns, if it is less than 10 s.
func formatLag(seconds float64) string {
	switch {
	case seconds < 0.00995:
		return fmt.Sprintf("%.1fms", seconds*1e3)
	case seconds < 0.9995:
		return fmt.Sprintf("%.0fms", seconds*1e3)
	}
	return formatAge(seconds)
}

// formatPercent is a share of 1.
func formatPercent(share float64) string {
	if share < 0 {
		return none
	}
	return fmt.Sprintf("%.0f%%", share*100)
}

// formatClock is the time of day where the proxy runs.
func formatClock(t time.Time) string {
	if t.IsZero() {
		return none
	}
	return t.Format(time.TimeOnly)
}
