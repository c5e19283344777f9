package redis

import (
	"sync"
	"time"
)

// account names what is kept count of.
type account struct{ protocol, resource string }

// usage is what is known of the use of a resource through this instance.
type usage struct {
	sessions int
	// used is when its applications last sent or received anything, connected
	// when the last session began; the zero Time if neither since it was last
	// written.
	used, connected time.Time
}

// report is the usage of a resource, to be written.
type report struct {
	account
	usage
}

// ledger collects the use of resources until it can be written. What happens
// to a resource in between becomes one report. Safe for concurrent use.
//
// Memory is bounded: resources with sessions by the sessions there are, the
// others by max, past which their last use is lost.
type ledger struct {
	max int

	mu sync.Mutex
	// live are those with sessions, dirty those with something to report.
	live, dirty map[account]*usage
	lost        uint64
}

func newLedger(limit int) *ledger {
	return &ledger{max: limit, live: make(map[account]*usage), dirty: make(map[account]*usage)}
}

// connect counts a session. It isn't use yet: whoever checks a backend's health
// through the proxy connects too.
func (l *ledger) connect(a account, now time.Time) {
	l.update(a, func(u *usage) {
		u.sessions++
		u.connected = now
	})
}

// use notes that application bytes have been relayed.
func (l *ledger) use(a account, now time.Time) {
	l.update(a, func(u *usage) { u.used = now })
}

// disconnect counts a session less. One whose beginning was lost counts for
// nothing.
func (l *ledger) disconnect(a account) {
	l.update(a, func(u *usage) { u.sessions = max(0, u.sessions-1) })
}

func (l *ledger) update(a account, change func(*usage)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	u := l.find(a)
	change(u)
	l.file(a, u)
}

// find returns the usage of an account, a new one if there is none. The caller
// holds the lock, also in file.
func (l *ledger) find(a account) *usage {
	if u := l.live[a]; u != nil {
		return u
	}
	if u := l.dirty[a]; u != nil {
		return u
	}
	return &usage{}
}

// file puts a usage that has changed to where it belongs.
func (l *ledger) file(a account, u *usage) {
	if u.sessions > 0 {
		l.live[a] = u
	} else {
		delete(l.live, a)
	}
	if u.sessions == 0 && !l.room(a) {
		delete(l.dirty, a)
		l.lost++
		return
	}
	l.dirty[a] = u
}

// room says whether an account without sessions may be among the dirty ones.
func (l *ledger) room(a account) bool {
	if l.dirty[a] != nil {
		return len(l.dirty) <= l.max
	}
	return len(l.dirty) < l.max
}

// take returns all reports, which aren't due any more then.
func (l *ledger) take() []report {
	l.mu.Lock()
	defer l.mu.Unlock()
	reports := make([]report, 0, len(l.dirty))
	for a, u := range l.dirty {
		reports = append(reports, report{a, *u})
		u.used, u.connected = time.Time{}, time.Time{}
	}
	clear(l.dirty)
	return reports
}

// restore takes back reports that couldn't be written. What has happened since
// is newer.
func (l *ledger) restore(reports []report) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range reports {
		u := l.find(r.account)
		u.used, u.connected = later(u.used, r.used), later(u.connected, r.connected)
		l.file(r.account, u)
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// renew makes reports due of all resources with sessions.
func (l *ledger) renew() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for a, u := range l.live {
		l.dirty[a] = u
	}
}

// retire makes the last reports due: the instance has no sessions any more.
func (l *ledger) retire() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for a, u := range l.live {
		u.sessions = 0
		l.dirty[a] = u
	}
	clear(l.live)
}

// counts returns the resources with sessions, those to report, and how many
// reports were lost for lack of room.
func (l *ledger) counts() (live, dirty int, lost uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.live), len(l.dirty), l.lost
}
