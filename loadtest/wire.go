//go:build linux

package loadtest

import (
	"encoding/json"

	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// A worker process is led over its standard streams, by one JSON value after
// the other:
//
//	conductor                       worker
//	order{Enlist}               ->            once; it makes its loops
//	                            <-  news{Done}
//	order{Phase}                ->
//	                            <-  news{Progress} a few times a second
//	                            <-  news{Done}
//	order{Stop}                 ->            cuts this and all later phases short
//	order{Count}                ->
//	                            <-  news{Counts}
//
// The end of its input ends the worker.

// order is what the conductor tells a worker: one of its fields is set.
type order struct {
	Enlist *enlistment `json:"enlist,omitempty"`
	Phase  *phaseOrder `json:"phase,omitempty"`
	Stop   bool        `json:"stop,omitempty"`
	Count  bool        `json:"count,omitempty"`
}

// phaseOrder has a worker run a phase.
type phaseOrder struct {
	Phase phase  `json:"phase"`
	Span  window `json:"span"`
}

// enlistment tells a worker what it is for.
type enlistment struct {
	Mode     string          `json:"mode"`
	Settings json.RawMessage `json:"settings"`
	First    int             `json:"first"` // seat of its first loop
	Of       int             `json:"of"`    // seats of all processes
	Loops    int             `json:"loops"`
}

// news is what a worker tells: one of its fields is set, or Done and Error.
type news struct {
	Progress *report.Progress `json:"progress,omitempty"`
	Counts   *report.Counts   `json:"counts,omitempty"`
	Done     bool             `json:"done,omitempty"`  // with what it was told last
	Error    string           `json:"error,omitempty"` // with Done: that failed
}
