// Package postgres is the front end for PostgreSQL clients, protocol 3.x.
//
// The client speaks first. Its opening packets have no type byte (all integers
// are big endian; sources: the chapters "Message Flow" and "Message Formats"
// of PostgreSQL's documentation, ProcessStartupPacket of its server, and a
// server asked about what both leave open):
//
//	           0        4            8
//	           ┌────────┬────────────┬──────────────────────────────────────────┐
//	any        │ length │ code       │ ...                                      │
//	           └────────┴────────────┴──────────────────────────────────────────┘
//	           ┌────────┬────────────┐
//	SSLRequest │ 8      │ 1234, 5679 │  answered with one byte, 'S' or 'N'
//	           └────────┴────────────┘
//	           ┌────────┬────────────┐
//	GSSENC-    │ 8      │ 1234, 5680 │  answered with one byte, 'N'
//	Request    └────────┴────────────┘
//	           ┌────────┬────────────┬─────┬──────────────┐
//	Cancel-    │ 16..268│ 1234, 5678 │ pid │ secret       │  never answered
//	Request    └────────┴────────────┴─────┴──────────────┘
//	                                  4     4..256
//	           ┌────────┬────────────┬────────┬─────────┬─────┬───┐
//	Startup-   │ 9 ..   │ 3, minor   │ name \0│ value \0│ ... │ \0│
//	Message    │ 10 004 │            └────────┴─────────┴─────┴───┘
//	           └────────┴────────────┘
//
// A client's TLS begins behind the 'S', or with the connection's first byte
// (direct TLS, whose first byte is no length's); its opening packets follow
// within. Options.TLS says which of this is served. Where TLS is passed
// through, the server name of the ClientHello (SNI) names the resource.
//
// The length counts itself. Of the parameters, database names the resource;
// when it is missing or empty user does, as in the server. Of a parameter that
// comes twice the last counts, as in the server. Options.ResourcePattern may
// cut the resource id out of the name. (libpq's tools for physical replication
// name no database of the server's; they send "replication".)
//
// Everything is relayed as it came, unknown minor versions and `_pq_.` options
// included: the backend itself negotiates the version with the client. Only
// when the resolver names another database is the startup written anew.
//
// From there on both sides' bytes pass through untouched (but for what the last
// section says), and the backend's
// messages are walked over, not read, until the first ReadyForQuery:
//
//	                 0   1        5
//	                 ┌───┬────────┬─────┐
//	any              │ t │ length │ ... │
//	                 └───┴────────┴─────┘
//	                 ┌───┬────────┬─────┬─────────┐
//	BackendKeyData   │'K'│ 12..264│ pid │ secret  │  the session's key is pid and
//	                 └───┴────────┴─────┴─────────┘  secret, as in CancelRequest
//	                 ┌───┬────────┬────────┐
//	ReadyForQuery    │'Z'│ 5      │ status │  the relay begins
//	                 └───┴────────┴────────┘
//	                 ┌───┬────────┬──────────────────────┬───┐
//	ErrorResponse    │'E'│ length │ field, text \0 │ ... │ \0│  what Refuse speaks
//	                 └───┴────────┴──────────────────────┴───┘
//
// # TLS to the backend
//
// A backend whose leg is to be TLS is sent an SSLRequest of ours, and the
// client's bytes wait for its answer:
//
//	'S'    TLS, then what the client wants, as above
//	'N'    the same in the clear, or a failure if TLS is required
//	'E'    an error, which is the client's if TLS isn't required
//
// A byte behind 'S' or 'N' is somebody else's, and a failure.
//
// # SCRAM and TLS on both legs
//
// With TLS, SCRAM can bind the proof of the password to the server's
// certificate (SCRAM-SHA-256-PLUS), which is meant to find a proxy that
// terminates TLS. What becomes of a login by SCRAM, as PostgreSQL 15 and its
// libpq have it:
//
//	client's leg   backend's leg
//	clear or TLS   clear          works: nothing is offered to bind to
//	passed through                works, bound if both can
//	clear          TLS            works: the offer is taken out of the server's
//	                              list, or libpq would give up ("server offered
//	                              SCRAM-SHA-256-PLUS over a non-SSL connection")
//	TLS            TLS            works with the server's certificate on both
//	                              legs, or with channel_binding=disable; else
//	                              the server fails it with 28000
//
// In the last case the offer can't be taken out: the client then says that it
// could have bound, and the server takes that for the attack it is. So the
// server's ErrorResponse passes with all its fields, and with a hint that says
// why and what helps.
package postgres
