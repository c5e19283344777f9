package redistest

import (
	"context"
	"crypto/tls"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/rueidis"
)

func dialUnix(ctx context.Context, path string, d *net.Dialer, _ *tls.Config) (net.Conn, error) {
	return d.DialContext(ctx, "unix", path)
}

// text shows an answer; the entries of a map are sorted.
func text(m rueidis.RedisMessage) string {
	if n, err := m.AsInt64(); err == nil && m.IsInt64() {
		return strconv.FormatInt(n, 10)
	}
	if fields, err := m.AsStrMap(); err == nil && m.IsMap() {
		lines := make([]string, 0, len(fields))
		for name, value := range fields {
			lines = append(lines, name+"="+value)
		}
		slices.Sort(lines)
		return strings.Join(lines, "\n")
	}
	if list, err := m.ToArray(); err == nil {
		lines := make([]string, len(list))
		for i, element := range list {
			lines[i] = text(element)
		}
		return strings.Join(lines, "\n")
	}
	s, err := m.ToString()
	if err != nil {
		return err.Error()
	}
	return s
}
