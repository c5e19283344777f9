// Package dns looks up the addresses of endpoints' names and tells how long
// they hold: its Resolver.Lookup is a resolve.LookupFunc.
//
//	Lookup ──► cache by name ──► hit: addresses, what is left of their TTL
//	              │ miss, one flight per name
//	              ▼
//	           hosts file ──► found
//	              │
//	              ▼ each candidate of the search list
//	           A and AAAA at once ──► servers in turn, UDP, then TCP if truncated
//	              │
//	              ▼
//	           sorted by RFC 6724, families interleaved (RFC 8305 section 4)
//
// The wire is github.com/miekg/dns's business. The files of the system
// (resolv.conf, hosts) are read again when they have changed.
package dns
