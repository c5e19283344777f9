package limits

import "time"

// Rate is a token bucket: so many per second, and as many at once after a second
// without any. The zero value is a full bucket. It is kept as the time up to which
// its tokens are spent (GCRA, the leaky bucket as a meter), so it needs no timer
// and is told what its size is. Not safe for concurrent use.
type Rate struct {
	// spent is when the bucket would be full again, as time since the caller's
	// origin.
	spent time.Duration
}

// Take takes one of perSecond tokens, at least 1, and says whether there was one.
// now is the time since an origin of the caller's, the same at every call. A
// bucket that is empty loses nothing by being asked.
func (r *Rate) Take(perSecond int, now time.Duration) bool {
	each := time.Second / time.Duration(perSecond)
	next := max(r.spent, now) + each
	if next > now+each*time.Duration(perSecond) {
		return false
	}
	r.spent = next
	return true
}

// Full says that nothing is spent, so that a new Rate would do as well.
func (r *Rate) Full(now time.Duration) bool { return r.spent <= now }
