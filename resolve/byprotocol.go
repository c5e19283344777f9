package resolve

import (
	"context"
	"maps"
	"slices"
)

// byProtocol asks a resolver of its own for some protocols.
type byProtocol struct {
	group
	of map[string]Resolver
}

// ByProtocol returns the resolver that asks one of its own for some protocols, by
// their names, and that of "" for the others. A nil one knows nothing. Closing it
// closes all of them; it has their optional interfaces, as Chain does.
func ByProtocol(of map[string]Resolver) Resolver {
	b := &byProtocol{of: maps.Clone(of)}
	for _, protocol := range slices.Sorted(maps.Keys(of)) {
		if r := of[protocol]; r != nil {
			b.members = append(b.members, r)
		}
	}
	return withTracking(b)
}

func (b *byProtocol) resolver(req Request) Resolver {
	if r, own := b.of[req.Protocol]; own {
		return r
	}
	return b.of[""]
}

// Resolve asks the protocol's resolver.
func (b *byProtocol) Resolve(ctx context.Context, req Request) (Result, error) {
	r := b.resolver(req)
	if r == nil {
		return Result{}, Errorf(NotFound, "no resolver and no backend for %s", req.Protocol)
	}
	return r.Resolve(ctx, req)
}

// Wake implements Waker.
func (b *byProtocol) Wake(ctx context.Context, req Request, res Result) error {
	return wakeBy(ctx, b, req, res)
}

// answerer implements router.
func (b *byProtocol) answerer(req Request, res Result) (Resolver, Result) {
	return b.resolver(req), res
}
