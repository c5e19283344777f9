package main

// mongodbRows are the settings of MongoDB's listeners.
func mongodbRows(s *settings) []*setting {
	return []*setting{
		{flag: "mongodb", env: "PROXY_MONGODB", original: "ports", meta: "ADDR",
			value: list[place]{&s.mongodb, parsePlace, place.String},
			usage: "Listen for MongoDB at host:port. Clients are routed by the database they log in to or use first. Repeatable."},
		{flag: "mongodb-hide-topology", value: boolean(&s.mongodbHide),
			usage: "Answer hello here as long as a connection lives, so that drivers don't learn of a replica set's own addresses."},
		{flag: "mongodb-multiplex", value: boolean(&s.mongodbMultiplex),
			usage: "Pass each command of a connection to the backend of its own database, for clients that use databases at several. " +
				"Served by goroutines whatever --impl says. Needs --mongodb-hide-topology."},
		{flag: "mongodb-server-name-pattern", meta: "REGEXP", value: scalar[pattern]{&s.mongodbSNI, parsePattern, pattern.String}, auto: "none",
			usage: "Route MongoDB clients with TLS by the name they ask for: the resource is what the one capture group matches."},
		{flag: "mongodb-app-name-pattern", meta: "REGEXP", value: scalar[pattern]{&s.mongodbApp, parsePattern, pattern.String}, auto: "none",
			usage: "Route MongoDB clients by appName in their connection string, for those whose users stand in the database admin."},
		{flag: "mongodb-wire-version", meta: "N", value: atLeastOne(&s.mongodbWire),
			usage: "The wire protocol version told to drivers: the oldest backend's. 21 is MongoDB 7.0's, 17 6.0's, 13 5.0's."},
		{flag: "idle-timeout", meta: "TIME", value: someTime(&s.engine.Timeouts.Idle),
			usage: "How long a client may be silent that is served without a backend: a MongoDB driver's monitor, a MySQL client without a database."},
	}
}
