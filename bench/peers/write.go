//go:build linux

package main

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"time"
)

// write writes the CSV and the Markdown file and shows the tables.
func (b *bench) write() error {
	if err := os.MkdirAll(b.out, 0o755); err != nil {
		return err
	}
	if err := b.writeFile(".csv", b.results.writeCSV); err != nil {
		return err
	}
	p := b.page()
	if err := b.writeFile(".md", whole(p.write)); err != nil {
		return err
	}
	return whole(p.writeTables)(os.Stdout)
}

// whole reports the first error of all that f writes.
func whole(f func(io.Writer)) func(io.Writer) error {
	return func(w io.Writer) error {
		buffered := bufio.NewWriter(w)
		f(buffered)
		return buffered.Flush()
	}
}

func (b *bench) writeFile(extension string, write func(io.Writer) error) error {
	f, err := os.Create(filepath.Join(b.out, b.name+extension))
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}

func (b *bench) page() page {
	return page{
		options: b.options, told: b.told, rows: b.rows, results: b.results,
		started: b.started, took: time.Since(b.started).Round(time.Second), planned: newPace(b.options, b.cells).planned,
		machine: machine(), loadFrom: b.load, loadEnd: loadAverage(),
	}
}
