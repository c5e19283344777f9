package main

import (
	"errors"
	"strconv"
	"strings"

	"github.com/proxy-engine/proxy-engine/upstream"
)

// upstreamRows are the settings of the breakers and active checks of backends.
func upstreamRows(s *settings) []*setting {
	return append(breakerRows(&s.engine.Upstream.Breaker), activeCheckRows(&s.engine.Upstream.Health)...)
}

func breakerRows(b *upstream.BreakerOptions) []*setting {
	return []*setting{
		{flag: "breaker-failures", meta: "N", value: count(&b.Failures),
			usage: "After so many failed sessions in a row an endpoint gets none for a while, and clients hear at once why; 0 is never. " +
				"What clients do and logins that are refused don't count."},
		{flag: "breaker-failure-rate", meta: "PERCENT", value: scalar[float64]{&b.FailureRate, parsePercent, formatPercent},
			usage: "The same when so many percent have failed of the sessions of the last 10 seconds, if those were 20 or more; 0 is never."},
		{flag: "breaker-open-time", meta: "TIME", value: someTime(&b.OpenTime),
			usage: "How long the endpoint gets none, give or take a fifth; then one session tries it. Doubles each time that one fails."},
		{flag: "breaker-max-open-time", meta: "TIME", value: someTime(&b.MaxOpenTime),
			usage: "The longest that doubling makes of it."},
	}
}

func activeCheckRows(h *upstream.HealthOptions) []*setting {
	return []*setting{
		{flag: "active-check", meta: "HOW", choices: []string{"off", "tcp", "protocol"}, value: scalar[upstream.Mode]{&h.Mode, upstream.ParseMode, upstream.Mode.String},
			usage: "Check the endpoints that sessions have used in the last 10 minutes: off, tcp (they accept connections) or protocol " +
				"(PostgreSQL, MySQL, MongoDB, SMTP and HTTP answer). Checks may keep a backend awake that would sleep otherwise."},
		{flag: "active-check-interval", meta: "TIME", value: someTime(&h.Interval),
			usage: "Time between two checks of an endpoint, give or take a fifth."},
		{flag: "active-check-timeout", meta: "TIME", value: someTime(&h.Timeout),
			usage: "How long a check may take."},
		{flag: "active-check-rise", meta: "N", value: atLeastOne(&h.Rise),
			usage: "Checks in a row that succeed before an endpoint that was down gets sessions."},
		{flag: "active-check-fall", meta: "N", value: atLeastOne(&h.Fall),
			usage: "Checks in a row that fail before an endpoint gets none."},
		{flag: "active-check-path", meta: "PATH", value: scalar[string]{&h.Path, parseCheckPath, asIs},
			usage: "What the check of HTTP asks for; a status of 200 to 399 is well."},
	}
}

// parsePercent takes a share in percent, the sign may be left out.
func parsePercent(text string) (float64, error) {
	percent, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	if err != nil || !(percent >= 0 && percent <= 100) {
		return 0, errors.New("want a number from 0 to 100")
	}
	return percent / 100, nil
}

func formatPercent(share float64) string {
	return strconv.FormatFloat(share*100, 'f', -1, 64)
}

// parseCheckPath takes a path that can stand in a request line.
func parseCheckPath(text string) (string, error) {
	odd := func(r rune) bool { return r <= ' ' || r >= 0x7f }
	if !strings.HasPrefix(text, "/") || strings.ContainsFunc(text, odd) {
		return "", errors.New("want a path that begins with / and has only printable ASCII characters, without spaces")
	}
	return text, nil
}
