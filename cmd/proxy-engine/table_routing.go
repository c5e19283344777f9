package main

import (
	"net/netip"
	"strings"
)

// The settings whose text leaves secrets out.
const (
	resolverFlag = "resolver"
	wakeHookFlag = "wake-hook"
)

// routingRows are the settings of where resources live.
func routingRows(s *settings) []*setting {
	return append(resolverRows(s), cacheRows(s)...)
}

func resolverRows(s *settings) []*setting {
	return []*setting{
		{flag: resolverFlag, meta: "[PROTOCOL=]URL", quiet: true,
			value: spaced[namedResolver]{list[namedResolver]{&s.resolvers, parseNamedResolver, namedResolver.String}},
			usage: "Where resources live: file:///path/routes.yaml (watched; a change takes effect at once), redis://, rediss://, redis+sentinel://, " +
				"redis+cluster://, a webhook (http:// or https://) or fixed://host:port. Repeatable: the first that knows a resource wins. " +
				"With PROTOCOL (postgresql, mysql, mongodb, http, smtp, tcp) it is asked for that one only, and the others aren't. " +
				"The variable has spaces between them."},
		{flag: wakeHookFlag, meta: "URL", quiet: true,
			value: scalar[string]{&s.wakeHook, parseWakeURL, hideSecrets},
			usage: "POST here to have a resource started that is cold or refuses connections, where its route names no way of its own."},
		{flag: "wake-options", meta: "OPTIONS", value: scalar[string]{&s.wakeOptions, parseText, asIs},
			usage: "How --wake-hook and the http and https URLs of routes are POSTed to: name=value&name=value with " +
				strings.Join(webhookOptions, ", ") + "."},
		{flag: "tcp-backend", env: "TCP_BACKEND_ENDPOINT", original: "TCP_BACKEND_ENDPOINT", meta: "HOST:PORT",
			value: scalar[string]{&s.backend, parseEndpoint, asIs},
			usage: "The backend of every resource but HTTP's when no resolver is given."},
	}
}

func cacheRows(s *settings) []*setting {
	cache := &s.engine.Cache
	return []*setting{
		{flag: "resolve-timeout", meta: "TIME", value: someTime(&cache.Timeout),
			usage: "How long the resolver may take, and as long again DNS."},
		{flag: "cache-ttl", original: "cacheTTL", meta: "TIME", value: duration(&cache.TTL),
			usage: "How long a route is reused when the resolver doesn't say; 0 asks for every session."},
		{flag: "cache-negative-ttl", meta: "TIME", value: duration(&cache.NegativeTTL),
			usage: "How long the resolver's no is reused; 0 asks anew."},
		{flag: "cache-stale", meta: "TIME", value: duration(&cache.StaleFor),
			usage: "How long past its time a route still serves while the resolver fails; 0 not at all."},
		{flag: "cache-entries", fixed: true, meta: "N", value: atLeastOne(&cache.MaxEntries),
			usage: "The most routes the cache holds per protocol."},
		{flag: "allow-cidr", meta: "RANGE",
			value: list[netip.Prefix]{&s.allow, parsePrefix, netip.Prefix.String},
			usage: "Backends may have these addresses though they are private, local or reserved. Repeatable."},
		{flag: "skip-validation", env: "TCP_SKIP_VALIDATION", original: "skipValidation",
			value: boolean(&cache.Guard.SkipAll),
			usage: "Let backends of all protocols but HTTP have any address. Whoever can write a route can then reach your internal network."},
	}
}
