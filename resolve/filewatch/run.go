package filewatch

import (
	"log/slog"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// gatherFor is how long after the first sign of a change more are
	// gathered before the files are read: a save is several events (truncate,
	// write, rename), a certificate comes with its key, and one reading does
	// for all.
	gatherFor = 50 * time.Millisecond
	// pollEvery is how often the files are read without any sign: network file
	// systems send none, nor does a file that is bind-mounted by itself, nor a
	// folder that was removed and made anew.
	pollEvery = 30 * time.Second
)

// Options of Start. The zero value is a sensible choice.
type Options struct {
	// Logger is told what goes wrong with the watching; nil discards.
	Logger *slog.Logger
	// Poll sends when the files are to be looked at without any sign of a
	// change; nil does so every 30 s.
	Poll <-chan time.Time
}

// Start has changed called on a goroutine of its own: once for all signs of
// change that come within a moment, and now and then without one. Calls don't
// overlap. Start may be called once.
func (w *Watch) Start(changed func(), o Options) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Poll == nil {
		o.Poll = time.Tick(pollEvery)
	}
	w.done = make(chan struct{})
	go w.run(changed, o)
}

func (w *Watch) run(changed func(), o Options) {
	defer close(w.done)
	var gathering <-chan time.Time // nil while there is nothing to gather
	for {
		select {
		case ev, ok := <-w.watcher.Events:
			if !ok {
				return
			}
			if gathering == nil && w.concerns(ev) {
				gathering = time.After(gatherFor)
			}
			continue
		case err, ok := <-w.watcher.Errors:
			if !ok {
				return
			}
			// Events may have been lost.
			o.Logger.Warn("watching files failed", "error", err)
		case <-gathering:
			gathering = nil
		case <-o.Poll:
		}
		w.refresh(o.Logger)
		changed()
	}
}

func (w *Watch) concerns(ev fsnotify.Event) bool {
	return slices.ContainsFunc(w.files, func(f *file) bool { return f.concerns(ev.Name) })
}

// refresh makes sure that the right folders are watched. It comes before the
// files are read: in this order no change is missed.
func (w *Watch) refresh(log *slog.Logger) {
	if err := w.sync(); err != nil {
		log.Debug("files can't be watched, they are read now and then", "error", err)
	}
}
