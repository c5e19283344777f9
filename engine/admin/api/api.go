// Package api is the admin API as its clients and its server see it: what is
// answered, as JSON, and a Client. openapi.json beside the server describes it in
// full.
//
// Times are RFC 3339, lengths of time are in seconds, sizes in bytes. Counters
// count from the engine's start.
package api

import "time"

// Error is what everything is answered with that fails; a path or a method that isn't there,
// and a profile, in plain text.
type Error struct {
	Error string `json:"error"`
}

// Done is what an action is answered with.
type Done struct {
	// Status says what was done, in a word or two.
	Status string `json:"status"`
	// Count is how many sessions or waiting clients it was done to; 0 where they aren't
	// counted.
	Count int `json:"count"`
}

// Stats is GET /stats.
type Stats struct {
	// Time is when the figures were taken. Started is when the engine was.
	Time            time.Time         `json:"time"`
	Started         time.Time         `json:"started"`
	Version         string            `json:"version"`
	Impl            string            `json:"impl"`
	Draining        bool              `json:"draining"`
	Active          int64             `json:"active"`
	MaxSessions     int               `json:"max_sessions"`
	Accepted        uint64            `json:"accepted"`
	Closed          map[string]uint64 `json:"closed"`
	Requests        uint64            `json:"requests"`
	Refused         map[string]uint64 `json:"refused"`
	FromClients     uint64            `json:"from_clients"`
	ToClients       uint64            `json:"to_clients"`
	AcceptExhausted uint64            `json:"accept_exhausted"`
	Panics          uint64            `json:"panics"`
	TrackingDropped uint64            `json:"tracking_dropped"`
	LogDropped      uint64            `json:"log_dropped"`
	Listeners       []Listener        `json:"listeners"`
	Loops           []Loop            `json:"loops"`
	Phases          map[string]Phase  `json:"phases"`
	Routes          Routes            `json:"routes"`
	ColdStarts      ColdStarts        `json:"cold_starts"`
	Process         Process           `json:"process"`
}

// Listener is one listener's part of Stats.
type Listener struct {
	Name        string `json:"name"`
	Protocol    string `json:"protocol"`
	Address     string `json:"address"`
	Active      uint64 `json:"active"`
	Accepted    uint64 `json:"accepted"`
	FromClients uint64 `json:"from_clients"`
	ToClients   uint64 `json:"to_clients"`
}

// Loop is one event loop's part of Stats. There are none with goroutines.
type Loop struct {
	Sessions int `json:"sessions"`
	// Busy is how long it has worked since its start: what it gains in a second
	// is its utilisation.
	Busy float64 `json:"busy_seconds"`
	// Lag is the longest a timer had to wait for it within the last five to ten
	// seconds, or has by now: so long a session may have waited for it.
	Lag float64 `json:"lag_seconds"`
}

// Phase is how often sessions have left a state, and how long they were there
// altogether.
type Phase struct {
	Count   uint64  `json:"count"`
	Seconds float64 `json:"seconds"`
}

// Routes are the route cache's figures.
type Routes struct {
	Routes   int    `json:"routes"`
	Failures int    `json:"failures"`
	Hits     uint64 `json:"hits"`
	Asked    uint64 `json:"asked"`
	Failed   uint64 `json:"failed"`
	Stale    uint64 `json:"stale"`
	Evicted  uint64 `json:"evicted"`
}

// ColdStarts are the figures of starts, and those under way.
type ColdStarts struct {
	Begun     uint64      `json:"begun"`
	Ready     uint64      `json:"ready"`
	Failed    uint64      `json:"failed"`
	TimedOut  uint64      `json:"timed_out"`
	Overflows uint64      `json:"overflows"`
	Starting  int         `json:"starting"`
	Waiting   int         `json:"waiting"`
	Slowest   float64     `json:"slowest_seconds"`
	UnderWay  []ColdStart `json:"under_way"`
}

// ColdStart is a start under way.
type ColdStart struct {
	Protocol string `json:"protocol"`
	Resource string `json:"resource"`
	// Phase is waking, probing or admitting.
	Phase   string  `json:"phase"`
	Waiting int     `json:"waiting"`
	Age     float64 `json:"age_seconds"`
}

// Process is what the proxy uses of the machine.
type Process struct {
	CPU        float64 `json:"cpu_seconds"`
	Memory     uint64  `json:"memory_bytes"` // resident
	Heap       uint64  `json:"heap_bytes"`   // in use
	Files      int     `json:"files"`
	MaxFiles   int     `json:"max_files"`
	Goroutines int     `json:"goroutines"`
}

// Session is one of GET /sessions.
type Session struct {
	// ID is opaque: POST /sessions/close takes it.
	ID       string `json:"id"`
	Listener string `json:"listener"`
	Protocol string `json:"protocol"`
	Client   string `json:"client"`
	// Resource, Endpoint and Backend (the address connected to) are empty as long as
	// they aren't known, and for a session that may use several resources. Resources
	// are those it uses.
	Resource    string   `json:"resource"`
	Resources   []string `json:"resources,omitempty"`
	Endpoint    string   `json:"endpoint"`
	Backend     string   `json:"backend"`
	State       string   `json:"state"`
	TLS         bool     `json:"tls"` // with the client
	Age         float64  `json:"age_seconds"`
	FromClients uint64   `json:"from_clients"`
	ToClients   uint64   `json:"to_clients"`
}

// Sessions is GET /sessions: those that match the query's resource, protocol,
// listener, endpoint, client (an address or a network), state, min_age and max_age
// (as 90s), the oldest first, as many as its limit.
type Sessions struct {
	Sessions []Session `json:"sessions"`
	// Matching is how many there are in all.
	Matching int `json:"matching"`
}

// Resource is one of GET /resources.
type Resource struct {
	Protocol string `json:"protocol"`
	Name     string `json:"name"`
	// State is ready, cold, starting, draining or blocked; unknown if nobody has
	// asked of late.
	State     string   `json:"state"`
	Sessions  int      `json:"sessions"`
	Waiting   int      `json:"waiting"` // for a start
	Endpoints []string `json:"endpoints"`
	// LastActivity is when a session came or went last, or was in use (to the second of
	// requests, to --track-interval of others); null if unknown.
	LastActivity *time.Time `json:"last_activity"`
	FromClients  uint64     `json:"from_clients"`
	ToClients    uint64     `json:"to_clients"`
}

// Endpoint is one of GET /endpoints.
type Endpoint struct {
	Name     string `json:"name"`
	Sessions int64  `json:"sessions"`
	Breaker  string `json:"breaker"`
	// Forced is what POST /endpoints/force has made of it: auto, open, closed or
	// drain.
	Forced      string            `json:"forced"`
	Until       *time.Time        `json:"until,omitempty"` // when an open breaker admits a probe
	Consecutive uint32            `json:"consecutive_failures"`
	Health      string            `json:"health"`
	Trouble     string            `json:"last_failure"` // "" if there was none
	Attempts    map[string]uint64 `json:"attempts"`
	Refused     uint64            `json:"refused"`
	FromClients uint64            `json:"from_clients"`
	ToClients   uint64            `json:"to_clients"`
}

// Log is GET and POST /log: how much is logged, from now on.
type Log struct {
	// Level is debug, info, warn or error.
	Level string `json:"level"`
	// Sessions says which sessions have a line at their end: off, sampled, errors
	// or all.
	Sessions string `json:"sessions"`
}

// Reload is what POST /config/reload is answered with.
type Reload struct {
	// Changed are the settings that are in force now, Waiting those that have
	// changed too but are in force from the next start on.
	Changed []string `json:"changed"`
	Waiting []string `json:"waiting"`
}
