package report

import (
	"fmt"
	"io"
	"time"
	"unicode/utf8"
)

// Row is one line of the text form. Value is ready to be shown: numbers have
// their digits grouped.
type Row struct{ Name, Value, Unit string }

// widestValue is the widest value the others are aligned with. What is longer,
// such as a list of targets, sticks out rather than push the numbers away.
const widestValue = 20

// WriteText prints the report as aligned rows.
func (r *Report) WriteText(w io.Writer) error {
	rows := r.Rows()
	names, values := 0, 0
	for _, row := range rows {
		names = max(names, utf8.RuneCountInString(row.Name))
		values = max(values, min(utf8.RuneCountInString(row.Value), widestValue))
	}
	for _, row := range rows {
		line := fmt.Sprintf("%-*s  %*s", names, row.Name, values, row.Value)
		if row.Unit != "" {
			line += " " + row.Unit
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

// Rows returns what applies to the report's mode, in the order of printing.
func (r *Report) Rows() []Row {
	rows := []Row{{r.Mode, printable(r.Target), ""}}
	for _, s := range r.settingRows() {
		rows = append(rows, Row{"  " + s.Name, s.Value, ""})
	}
	for _, s := range r.sections() {
		rows = append(rows, s.Rows...)
	}
	return rows
}

func count(name string, n uint64) Row { return Row{name, Count(n), ""} }

func rate(name string, perSecond float64) Row { return Row{name, number(perSecond, 0), "1/s"} }

func bytesEach(name string, bytes float64) Row { return Row{name, number(bytes, 0), "bytes"} }

func seconds(name string, d time.Duration) Row { return Row{name, number(d.Seconds(), 3), "s"} }

func micros(name string, d time.Duration) Row { return Row{name, number(float64(d)/1e3, 1), "us"} }

func kib(name string, bytes uint64) Row { return Row{name, number(float64(bytes)/(1<<10), 0), "KiB"} }

func gib(name string, bytes uint64) Row { return Row{name, number(float64(bytes)/(1<<30), 3), "GiB"} }
