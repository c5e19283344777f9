//go:build linux

package main

import (
	"fmt"
	"slices"
	"time"
)

// row is one workload under one load.
type row struct {
	id, title string
	workload  workload
	backend   string // of the backends' names
	proxied   bool   // measures the proxy's own state: means nothing without one
	// load is loadtest's mode with its flags.
	load    func(options) []string
	metrics []metric // the first is the one to compare
	// takes is how long one measurement needs, about, without starting and
	// stopping processes.
	takes func(options) time.Duration
	// rival is, in rows that compare generators, the one beside ours.
	rival *rival
}

// rows lists those there are, in the order of the tables.
func rows() []row {
	return slices.Concat(tcpRows(), httpRows(), postgresRows(), tlsRows(), generatorRows())
}

func rowIDs() []string {
	var ids []string
	for _, r := range rows() {
		ids = append(ids, r.id)
	}
	return ids
}

// direct says whether the row means something without a proxy: the backends
// speak no TLS.
func (r row) direct() bool { return !r.proxied && r.workload != workTLS }

// chosen says whether the options want the row: by its id or its workload, or
// because they name none. The TLS rows must be named: they are a run of their
// own, as long as the others.
func (r row) chosen(o options) bool {
	if len(o.rows) == 0 {
		return r.workload != workTLS
	}
	for _, name := range o.rows {
		if name == r.id || name == r.workload.String() {
			return true
		}
	}
	return false
}

// span is the flags of a row that measures for a time.
func span(o options) []string {
	return []string{"--warm-up", o.warmUp().String(), "--duration", o.duration.String()}
}

func spanTakes(o options) time.Duration { return o.warmUp() + o.duration }

// timed is loadtest's words of such a row.
func timed(mode string, conns int, more ...string) func(options) []string {
	return func(o options) []string {
		words := append([]string{mode, "--conns", fmt.Sprint(conns)}, more...)
		return append(words, span(o)...)
	}
}
