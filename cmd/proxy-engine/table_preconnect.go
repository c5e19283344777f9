package main

// preconnectRows are the settings of connections that are made before clients want
// them.
func preconnectRows(s *settings) []*setting {
	p := &s.engine.Preconnect
	return []*setting{
		{flag: "preconnect", meta: "N", value: count(&p.PerEndpoint),
			usage: "Keep up to N connections ready for each backend address in demand, TLS done, where the server waits for the client (PostgreSQL, " +
				"MongoDB): clients save a round trip or three. Not for resources that can be woken, nor with a PROXY header. 0 is off."},
		{flag: "preconnect-total", meta: "N", value: atLeastOne(&p.Total),
			usage: "The most of them in all."},
		{flag: "preconnect-idle", meta: "TIME", value: someTime(&p.Idle),
			usage: "How long one is kept; less than the backends wait for a login."},
	}
}
