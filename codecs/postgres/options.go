package postgres

import "github.com/proxy-engine/proxy-engine/codecs/naming"

// Options configure the front end of one listener. The zero value is useful.
type Options struct {
	// ResourcePattern cuts the resource id out of the database name, or with
	// TLSPassthrough out of the server name; nil takes the whole name. A name
	// it doesn't match is an unknown resource.
	ResourcePattern *naming.Pattern
	// TLS says what becomes of clients that ask for TLS, and of those that
	// don't.
	TLS TLSMode
}
