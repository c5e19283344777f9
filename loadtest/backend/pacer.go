//go:build linux

package backend

// pacer deals out, in every tick, what each connection of Slow on a loop may
// read. It has no clock.
type pacer struct {
	pace    int // bytes per second and connection
	tick    int64
	quota   int     // bytes per connection in this tick
	resting []*slow // those that wait for the next tick
	resumed []*slow // empty; the room of the list before
}

func newPacer(pace int) pacer { return pacer{pace: pace, quota: quota(pace, 0)} }

// quota is how much one connection may read in a tick. The quotas of any
// ticksPerSecond ticks in a row add up to pace.
func quota(pace int, tick int64) int {
	before := int64(pace) * tick / ticksPerSecond
	return int(int64(pace)*(tick+1)/ticksPerSecond - before)
}

// advance begins a tick: those that rest go on.
func (p *pacer) advance(tick int64) {
	p.tick, p.quota = tick, quota(p.pace, tick)
	due := p.resting
	p.resting, p.resumed = p.resumed, nil
	for _, c := range due {
		c.resume()
	}
	clear(due)
	p.resumed = due[:0]
}

// rest makes c wait for the next tick.
func (p *pacer) rest(c *slow) {
	c.resting = true
	p.resting = append(p.resting, c)
}
