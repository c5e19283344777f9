package main

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// value is the typed place of one setting.
type value interface {
	// split returns the items of a text, each to be Set by itself.
	split(text string) []string
	// Set parses and keeps one item.
	Set(item string) error
	// String returns a text that sets the same, but for secrets, which it
	// hides.
	String() string
}

// scalar is a value that the last Set decides.
type scalar[T any] struct {
	at     *T
	parse  func(string) (T, error)
	format func(T) string
}

func (v scalar[T]) split(text string) []string { return []string{text} }

func (v scalar[T]) Set(item string) error {
	x, err := v.parse(item)
	if err == nil {
		*v.at = x
	}
	return err
}

func (v scalar[T]) String() string { return v.format(*v.at) }

// repeatable is a value of several items.
type repeatable interface {
	value
	// items returns the texts that set the same, as String hides secrets.
	items() []string
}

var _ repeatable = spaced[string]{}

// list is a value that every Set adds to. Items have commas between them.
type list[T any] struct {
	at     *[]T
	parse  func(string) (T, error)
	format func(T) string
}

func (v list[T]) split(text string) []string { return strings.Split(text, ",") }

func (v list[T]) Set(item string) error {
	x, err := v.parse(strings.TrimSpace(item))
	if err == nil {
		*v.at = append(*v.at, x)
	}
	return err
}

func (v list[T]) String() string { return strings.Join(v.items(), ",") }

func (v list[T]) items() []string {
	texts := make([]string, len(*v.at))
	for i, x := range *v.at {
		texts[i] = v.format(x)
	}
	return texts
}

// spaced is a list whose items have spaces between them, for they may have commas.
type spaced[T any] struct{ list[T] }

func (v spaced[T]) split(text string) []string {
	if items := strings.Fields(text); len(items) > 0 {
		return items
	}
	return []string{""} // a fault
}

func (v spaced[T]) String() string { return strings.Join(v.items(), " ") }

func asIs(s string) string { return s }

func boolean(at *bool) value { return scalar[bool]{at, parseBool, strconv.FormatBool} }

// parseBool takes what the usual configuration files write.
func parseBool(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "true", "1", "yes", "on":
		return true, nil
	case "false", "0", "no", "off":
		return false, nil
	}
	return false, errors.New("want true or false")
}

func count(at *int) value { return scalar[int]{at, parseCount, strconv.Itoa} }

func parseCount(text string) (int, error) {
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 0 {
		return 0, errors.New("want a whole number from 0 to 2147483647")
	}
	return int(n), nil
}

func atLeastOne(at *int) value { return scalar[int]{at, positive(parseCount), strconv.Itoa} }

// positive is parse without the zero.
func positive[T int | time.Duration](parse func(string) (T, error)) func(string) (T, error) {
	return func(text string) (T, error) {
		x, err := parse(text)
		if err == nil && x == 0 {
			err = errors.New("must be more than 0")
		}
		return x, err
	}
}

func size(at *int) value { return scalar[int]{at, parseSize, strconv.Itoa} }

// parseSize takes bytes, or KiB, MiB and GiB with that unit behind the number.
func parseSize(text string) (int, error) {
	n, ok := parseBytes(text, 31)
	if !ok {
		return 0, errors.New("want bytes such as 131072, 128KiB or 16MiB, less than 2 GiB")
	}
	return int(n), nil
}

// parseLargeSize is parseSize for what may be more than memory holds.
func parseLargeSize(text string) (int64, error) {
	n, ok := parseBytes(text, 62)
	if !ok {
		return 0, errors.New("want bytes such as 1048576, 16MiB or 2GiB")
	}
	return int64(n), nil
}

// parseBytes takes less than 1<<most.
func parseBytes(text string, most int) (n uint64, ok bool) {
	number, shift := strings.ToLower(text), 0
	for unit, bits := range map[string]int{"kib": 10, "mib": 20, "gib": 30} {
		if n, found := strings.CutSuffix(number, unit); found {
			number, shift = strings.TrimSpace(n), bits
			break
		}
	}
	n, err := strconv.ParseUint(number, 10, most-shift)
	return n << shift, err == nil
}

func duration(at *time.Duration) value {
	return scalar[time.Duration]{at, parseDuration, formatDuration}
}

func someTime(at *time.Duration) value {
	return scalar[time.Duration]{at, positive(parseDuration), formatDuration}
}

// formatDuration is Go's notation without the zeros: 1m, not 1m0s.
func formatDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// parseDuration takes Go's notation, and plain numbers as seconds, which is
// what the original proxy's settings are in.
func parseDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		d, err = time.ParseDuration(text + "s")
	}
	if err != nil || d < 0 {
		return 0, errors.New("want a duration such as 5s, 1m30s, or 5 (seconds)")
	}
	return d, nil
}
