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
//	SSLRequest │ 8      │ 1234, 5679 │  answered with one byte, 'N'
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
// From there on both sides' bytes pass through untouched, and the backend's
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
package postgres
