package redis

import (
	"context"
	"crypto/sha1"
	_ "embed"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"github.com/proxy-engine/proxy-engine/resolve"
)

var _ resolve.Tracker = (*Resolver)(nil)

// activityScript keeps one hash: last_activity and last_connect in milliseconds
// of Unix time, sessions for all instances, sessions:<instance> and
// lease:<instance> for each.
//
//go:embed activity.lua
var activityScript string

// noActivity is the Options.Activity that writes nothing.
const noActivity = "-"

func (r *Resolver) startFlusher() error {
	if r.o.Activity == noActivity {
		return nil
	}
	keys, err := parsePattern(r.o.Activity)
	if err != nil {
		return err
	}
	sum := sha1.Sum([]byte(activityScript)) // what EVALSHA calls it by
	r.activity = activityKeys{pattern: keys, script: hex.EncodeToString(sum[:])}
	r.tracked = newFlusher(newLedger(r.o.MaxTracked), r.o.ActivityInterval, r.o.Lease)
	return nil
}

// activityKeys is how the use of a resource is written.
type activityKeys struct {
	pattern
	script string
}

// OnConnect counts the session. It doesn't count as activity.
func (r *Resolver) OnConnect(req resolve.Request, _ resolve.Result) {
	if r.tracked != nil {
		r.tracked.connect(accountOf(req), time.Now())
	}
}

// Track counts as activity.
func (r *Resolver) Track(req resolve.Request, _ resolve.Result, _, _ uint64) {
	if r.tracked != nil {
		r.tracked.use(accountOf(req), time.Now())
	}
}

// OnDisconnect counts the session no more. Its end counts as activity if it
// relayed anything: a session that is shorter than the time between two Tracks
// would leave no trace otherwise.
func (r *Resolver) OnDisconnect(req resolve.Request, _ resolve.Result, fromClient, toClient uint64) {
	if r.tracked == nil {
		return
	}
	if fromClient+toClient > 0 {
		r.tracked.use(accountOf(req), time.Now())
	}
	r.tracked.disconnect(accountOf(req))
}

func accountOf(req resolve.Request) account {
	return account{protocol: req.Protocol, resource: req.Resource}
}

// writeActivity is the flusher's. While Redis is away nothing is tried.
func (r *Resolver) writeActivity(ctx context.Context, reports []report) (again []report) {
	c, err := r.link.get()
	if err != nil {
		return reports
	}
	ctx, cancel := context.WithTimeout(ctx, r.o.Timeout)
	defer cancel()
	unknown := r.evaluate(ctx, reports, func(p report) rueidis.Completed {
		return c.B().Evalsha().Sha1(r.activity.script).Numkeys(1).Key(r.activityKey(p)).Arg(r.activityArgs(p)...).Build()
	}, c, &again)
	r.evaluate(ctx, unknown, func(p report) rueidis.Completed {
		return c.B().Eval().Script(activityScript).Numkeys(1).Key(r.activityKey(p)).Arg(r.activityArgs(p)...).Build()
	}, c, &again)
	return again
}

// evaluate runs one command per report, all at once, and returns the reports
// whose server doesn't know the script. Those that may succeed later go to
// again; what is refused for good, such as a key that is no hash, is logged.
func (r *Resolver) evaluate(ctx context.Context, reports []report, command func(report) rueidis.Completed, c rueidis.Client, again *[]report) (unknown []report) {
	if len(reports) == 0 {
		return nil
	}
	commands := make([]rueidis.Completed, len(reports))
	for i, p := range reports {
		commands[i] = command(p)
	}
	for i, result := range c.DoMulti(ctx, commands...) {
		err := result.Error()
		switch {
		case err == nil:
		case strings.HasPrefix(err.Error(), "NOSCRIPT"):
			unknown = append(unknown, reports[i])
		case isPassing(err):
			*again = append(*again, reports[i])
		default:
			r.o.Logger.Error("redis: the use of a resource can't be written", "key", r.activityKey(reports[i]), "error", err)
		}
	}
	return unknown
}

func (r *Resolver) activityKey(p report) string {
	return r.activity.key(p.protocol, p.resource)
}

func (r *Resolver) activityArgs(p report) []string {
	return []string{
		r.o.Instance, strconv.Itoa(p.sessions), age(p.used), age(p.connected),
		millis(r.o.Lease), millis(r.o.ActivityTTL),
	}
}

// age is how long ago t was, -1 for never.
func age(t time.Time) string {
	if t.IsZero() {
		return "-1"
	}
	return millis(max(0, time.Since(t)))
}

func millis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
