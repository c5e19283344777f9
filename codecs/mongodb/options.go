package mongodb

import "github.com/proxy-engine/proxy-engine/codecs/naming"

// Options configure the front end of one listener. The zero value is useful.
type Options struct {
	// ResourcePattern cuts the resource id out of a database's name; nil takes
	// the whole name. A name it doesn't match is an unknown resource.
	ResourcePattern *naming.Pattern
	// ServerNamePattern cuts the resource id out of the host name a TLS client
	// asks for (SNI). Nil, and a name it doesn't match, leave the choice to what
	// comes next: without a pattern every client that connects to
	// "mongodb.example.com" would be asking for a resource of that name.
	ServerNamePattern *naming.Pattern
	// ApplicationPattern does the same with the application's name, which
	// clients set by appName in their connection string. It serves those whose
	// users stand in the database admin (authSource=admin) and who connect
	// without TLS.
	ApplicationPattern *naming.Pattern
	// ShowTopology lets the backend itself answer once a client is routed. Its
	// hello then tells the driver of the replica set's members, by names the
	// client has to be able to reach. By default hello is answered here as long
	// as the connection lives.
	ShowTopology bool
	// Multiplex has each command of a connection find its own backend, by its $db.
	// It needs the topology hidden: ShowTopology has no effect then.
	Multiplex bool
	// MinWireVersion and MaxWireVersion are what hello answers. A MaxWireVersion
	// of 0 is that of MongoDB 7.0: 21. It should be the oldest backend's: drivers
	// send what the version they are told understands.
	MinWireVersion, MaxWireVersion int32
	// Version is what buildInfo answers, 7.0.0 if it is zero.
	Version [3]int32
	// Now returns the time for hello's localTime, in milliseconds since 1970;
	// nil leaves it out. Drivers make no use of it. Safe for concurrent use.
	Now func() int64
	// ConnectionID returns a number for a new connection, which hello tells and
	// drivers show in their logs; nil leaves it out. Safe for concurrent use.
	ConnectionID func() int32
}

// withDefaults fills in what is zero.
func (o Options) withDefaults() *Options {
	if o.MaxWireVersion == 0 {
		o.MaxWireVersion = 21
	}
	if o.Version == [3]int32{} {
		o.Version = [3]int32{7, 0, 0}
	}
	return &o
}
