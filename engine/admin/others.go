package admin

// others counts what has moved in the row of all others. Their sum of now won't do
// for a counter: it falls when one of them comes among the top, which Prometheus
// would take for a restart and count all of it anew.
type others struct {
	total   row            // of all rows, at the last scrape
	top     map[string]row // of then, by labels
	counted row
}

// settle puts the counters of the others into the first of the rows that top
// returned. What a row has moved since the last scrape is the others' unless it was
// among the top by then.
func (o *others) settle(rows []row, total row) {
	delta := since(total, o.total)
	now := make(map[string]row, len(rows))
	for _, r := range rows[1:] {
		k := key(r.labels)
		now[k] = r
		if before, was := o.top[k]; was {
			delta = since(delta, since(r, before))
		}
	}
	o.counted.add(delta)
	o.total, o.top = total, now
	first := &rows[0]
	first.fromClient, first.toClient, first.refused = o.counted.fromClient, o.counted.toClient, o.counted.refused
}

// since is what the counters have grown, none where they have begun anew.
func since(now, before row) row {
	return row{
		fromClient: max(0, now.fromClient-before.fromClient),
		toClient:   max(0, now.toClient-before.toClient),
		refused:    max(0, now.refused-before.refused),
	}
}
