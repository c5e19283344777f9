// Package redis is the resolver that reads its answers from Redis: one hash per
// resource, which the platform writes and every instance of the proxy reads.
//
//	HSET proxy:route:postgresql:orders endpoint 10.0.0.7:5432 state ready
//
// Nothing is polled. Redis remembers which keys an instance has read (client-side
// caching, CLIENT TRACKING of RESP3) and says when one changes, is deleted or runs
// out, also one that wasn't there when it was read. The answer itself is kept in
// the resolve.Cache in front and nowhere else:
//
//	Cache ──Resolve──► HGETALL of the key, tracked ──► Result
//	Cache ◄──changed── invalidation of the key, or PUBLISH proxy:purge <resource>
//	Cache ◄───doubt─── connection lost or made again, FLUSHALL
//
// While Redis is away, what is cached serves on for as long as the cache lets a
// stale route; anything else is Unavailable at once, without an attempt. One
// goroutine tries to reconnect.
//
// What happens to the resources is written back, batched, for a platform that
// scales to zero: see Options.Activity.
//
// Sources: https://redis.io/docs/latest/develop/reference/client-side-caching/ and
// https://redis.io/docs/latest/develop/reference/protocol-spec/ for RESP3.
package redis
