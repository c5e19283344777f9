// Package mongodb is the front end for MongoDB clients.
//
// The client speaks first. All integers are little endian (sources: "MongoDB
// Wire Protocol" of MongoDB's documentation, bsonspec.org, and the drivers'
// specifications at github.com/mongodb/specifications):
//
//	           0        4            8            12       16
//	           ┌────────┬────────────┬────────────┬────────┬─────────────────┐
//	any        │ length │ requestID  │ responseTo │ opCode │ ...             │
//	           └────────┴────────────┴────────────┴────────┴─────────────────┘
//	           ┌────────┬────────────┬────────────┬────────┬───────┬─────────┬──────┐
//	OP_MSG     │        │            │            │ 2013   │ flags │ section │ CRC? │
//	           └────────┴────────────┴────────────┴────────┴───────┴─────────┴──────┘
//	                                                       16      20
//	           ┌────────┬────────────┬────────────┬────────┬───────┬─────────────┬──────┬────────┬───────┐
//	OP_QUERY   │        │            │            │ 2004   │ flags │ db.$cmd \0  │ skip │ return │ query │
//	           └────────┴────────────┴────────────┴────────┴───────┴─────────────┴──────┴────────┴───────┘
//	           ┌────────┬────────────┬────────────┬────────┬───────┬────────┬──────┬───┬──────────┐
//	OP_REPLY   │        │            │ requestID  │ 1      │ flags │ cursor │ from │ n │ document │
//	           └────────┴────────────┴────────────┴────────┴───────┴────────┴──────┴───┴──────────┘
//	           ┌───┬──────────┐
//	section    │ 0 │ document │  the command: its first field is its name, one is $db
//	           ├───┼────────┬─┴──────────┬──────────┬─────┐
//	           │ 1 │ length │ name \0    │ document │ ... │  a list of documents of the command
//	           └───┴────────┴────────────┴──────────┴─────┘
//	           ┌────────┬──────┬─────────┬───────┬─────┬───┐
//	document   │ length │ type │ name \0 │ value │ ... │ \0│  lengths count themselves
//	           └────────┴──────┴─────────┴───────┴─────┴───┘
//
// # Served here
//
// Every driver's first message is a hello on the database admin, which says
// nothing about what the client wants; and a driver's monitors never say more.
// So hello (isMaster), ping and buildInfo are answered here, as a single mongos
// does. A driver that sees one keeps to the address it was given, and expects
// no other member. hello's reply has no topologyVersion, so that monitors ask
// every heartbeatFrequencyMS (10 s) and don't await a stream.
//
// Drivers send retryable writes to a mongos, and transactions: what stands
// behind must be a replica set's primary or a mongos. A standalone server
// refuses them (retryWrites=false helps).
//
// # Routing
//
// The first of these names the resource:
//
//	the TLS server name       iff Options.ServerNamePattern finds an id in it
//	the application's name    iff Options.ApplicationPattern finds an id in it
//	saslSupportedMechs        of a hello: the database of "database.user"
//	speculativeAuthenticate   of a hello: its db
//	$db                       of any other command
//
// and any but the first two awaits one of the last three: a monitor wakes no
// backend. For a client that logs in the database is the one its user stands
// in: the connection string's authSource, else its database, else admin, which
// names no tenant. Those whose users stand in admin are told apart by the first
// two (appName=... is in every driver's connection string).
//
// A client routed by its hello hears the backend's answer to it, because that
// says how the user may log in (or is the first step of it). Any other hello
// has been answered: it is sent to the backend again, the reply is swallowed,
// and the command follows. No password is known here: SCRAM passes. X.509
// can't, for it is the TLS connection that is authenticated.
//
// # Standing
//
// A backend's hello names the members of its replica set, as they see each
// other. Unless Options.ShowTopology lets it through (and ends the codec's part
// with Relay), the codec stays: hello goes on being answered here, while
// everything else passes in the pieces it comes in. Only the headers are read,
// and the first field's name. Of the backend's answer to a hello that logs in
// only saslSupportedMechs, speculativeAuthenticate and compression are shown.
//
// A driver's connection serves all databases of its client. A session that was
// routed by a command's $db is pinned to that database's resource: requests are
// read up to their $db, and another name (but admin, config, local, $external)
// is asked for once the session stands, with another Route: if the engine finds
// it at the same backend it calls Open again, else Refuse.
//
// A resolver can't rename the database (codecs.MetadataDatabase): the name
// stands in every request, cursor and error.
//
// # Multiplexing
//
// With Options.Multiplex every command of a connection goes to the backend of its
// own $db's resource, unless the TLS server name or the application's name has
// named one for all. Each backend hears the client's first hello before its first
// command. Replies are told apart by what they answer (responseTo), and come as
// the backends give them, whole. hello, ping and buildInfo are answered here.
//
//	getMore, killCursors      by their $db, as all commands
//	admin, config, local,     where the connection's last command went; by their own
//	$external                 name while there was none
//	endSessions               answered with ok here, and sent to nobody: servers
//	                          end a session that isn't used for 30 minutes
//	saslStart, and a hello    to the backend of the user's database; saslContinue
//	that logs in              has the same $db. Another backend that wants a login
//	                          says so itself
//	commitTransaction,        as all of admin: right iff the connection's last
//	abortTransaction          command was of that transaction. A driver with
//	                          several connections, or a transaction over two
//	                          backends, gets the backend's own error
//	                          (NoSuchTransaction), and nothing is committed
//
// Compression isn't agreed on: what is compressed has no $db to be read. A backend
// that can't be had, or ends, fails the commands it was sent and no others; the
// next one connects anew. Only one that ends within a reply ends the connection,
// with a reset.
//
// # Limits
//
// Until it is routed a request's $db must come within 64 KiB, or 16 MiB and 16 KiB
// where connections multiplex, and hello may not be longer than 64 KiB. Messages are 48 000 000 bytes at most, as a server has it. Checksums
// of messages answered here aren't checked.
package mongodb
