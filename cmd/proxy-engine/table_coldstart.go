package main

import "github.com/proxy-engine/proxy-engine/upstream"

// coldStartRows are the settings of resources that sleep until somebody wants
// them.
func coldStartRows(s *settings) []*setting {
	c := &s.engine.ColdStart
	return []*setting{
		{flag: "cold-start-timeout", meta: "TIME", value: someTime(&c.Timeout),
			usage: "How long a client waits for a resource that sleeps, and how long starting one may take."},
		{flag: "health-check-interval", meta: "TIME", value: someTime(&c.Interval),
			usage: "Time between two looks whether a resource that is being started serves."},
		{flag: "cold-start-check", meta: "HOW", choices: []string{"tcp", "protocol"}, value: scalar[upstream.Mode]{&s.engine.ColdStartCheck, upstream.ParseMode, upstream.Mode.String},
			usage: "How it is found out that it serves: tcp (it accepts connections) or protocol (PostgreSQL, MySQL, MongoDB, SMTP and HTTP answer)."},
		{flag: "track-interval", meta: "TIME", value: someTime(&s.engine.TrackInterval),
			usage: "How often the resolver is told of a session that is in use, so that a platform can put to sleep what isn't."},
		{flag: "cold-start-clients", meta: "N", value: atLeastOne(&c.PerResource),
			usage: "The most clients that wait for one resource; further ones are refused in their protocol."},
		{flag: "cold-start-clients-total", meta: "N", value: atLeastOne(&c.Total),
			usage: "The most clients that wait for any."},
		{flag: "cold-starts", meta: "N", value: atLeastOne(&c.Starts),
			usage: "The most resources that are being started at once."},
	}
}

// resourceRows are the limits of single resources.
func resourceRows(s *settings) []*setting {
	a := &s.engine.Resources
	return []*setting{
		{flag: "max-sessions-per-resource", meta: "N", value: count(&a.Sessions),
			usage: "The most sessions of one resource at once, where its route doesn't say; further clients are refused in their protocol, but those " +
				"that have waited for a cold start, who wait on. 0 is no limit."},
		{flag: "session-rate-per-resource", meta: "N", value: count(&a.Rate),
			usage: "The most new sessions of one resource per second, likewise."},
	}
}
