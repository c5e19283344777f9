package main

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/resolve/redis"
	"github.com/proxy-engine/proxy-engine/resolve/webhook"
)

// namedResolver is a resolver's URL, and the protocol it is asked for, "" for all
// that have none of their own.
type namedResolver struct{ protocol, url string }

// String hides the secrets the URL may hold.
func (r namedResolver) String() string {
	if r.protocol == "" {
		return hideSecrets(r.url)
	}
	return r.protocol + "=" + hideSecrets(r.url)
}

func parseNamedResolver(text string) (namedResolver, error) {
	name, rest, named := strings.Cut(text, "=")
	switch {
	case text == "":
		return namedResolver{}, errors.New("is empty")
	case !named || strings.Contains(name, ":"):
		return namedResolver{url: text}, nil
	case !slices.Contains(routedProtocols(), name):
		return namedResolver{}, fmt.Errorf("unknown protocol: want one of %s before the =", strings.Join(routedProtocols(), ", "))
	case rest == "":
		return namedResolver{}, errors.New("there is no URL behind the =")
	}
	return namedResolver{name, rest}, nil
}

// routedProtocols are those of the listeners.
func routedProtocols() []string {
	var names []string
	for _, p := range []codecs.Protocol{codecs.PostgreSQL, codecs.MySQL, codecs.MongoDB, codecs.HTTP, codecs.SMTP, codecs.TCP} {
		names = append(names, p.String())
	}
	return names
}

// parseWakeURL takes where to POST.
func parseWakeURL(text string) (string, error) { return text, resolve.CheckWakeURL(text) }

// webhookOptions are those of webhook.ParseOptions, for the help.
var webhookOptions = []string{
	"token-env=NAME", "token-file=PATH", "hmac-env=NAME", "hmac-file=PATH", "timeout=3s", "concurrency=64",
	"ca=PATH", "messages=PATH", "origins=URL,URL",
}

// openWaker makes what POSTs to have resources started, nil if its options are
// faulty. The hook of all resources is always among the origins.
func (s *settings) openWaker(f *findings) *webhook.Waker {
	o, err := webhook.ParseOptions(s.wakeOptions)
	if err == nil && s.wakeHook != "" && (len(o.Origins) > 0 || o.Token != "") {
		o.Origins = append(o.Origins, webhook.Origin(s.wakeHook))
	}
	var w *webhook.Waker
	if err == nil {
		w, err = webhook.NewWaker(o)
	}
	if err != nil {
		f.faultf("--wake-options: %w", err)
		return nil
	}
	return w
}

// openResolvers opens what --resolver names, by protocol; nil if any has a fault.
func (s *settings) openResolvers(waker *webhook.Waker, log *slog.Logger, f *findings) map[string]resolve.Resolver {
	o := openOptions(waker, log)
	opened := make(map[string][]resolve.Resolver)
	faulty := false
	for _, named := range s.resolvers {
		r, err := resolve.Open(named.url, o)
		if err != nil {
			f.faultf("--resolver %s: %w", named, err)
			faulty = true
			continue
		}
		opened[named.protocol] = append(opened[named.protocol], r)
	}
	chains := make(map[string]resolve.Resolver)
	for protocol, members := range opened {
		chains[protocol] = resolve.Chain(members...)
	}
	if faulty {
		f.fault(closeResolver(resolve.ByProtocol(chains)))
		return nil
	}
	return chains
}

// openOptions has every kind of resolver there is.
func openOptions(waker *webhook.Waker, log *slog.Logger) resolve.OpenOptions {
	schemes := map[string]resolve.OpenFunc{"http": webhook.Open, "https": webhook.Open}
	for _, scheme := range redis.Schemes() {
		schemes[scheme] = redis.Open
	}
	return resolve.OpenOptions{Logger: log, Wake: waker.Wake, Schemes: schemes}
}

// has says whether a resolver was given for a protocol, "" for all without their own.
func (s *settings) has(protocol string) bool {
	return slices.ContainsFunc(s.resolvers, func(r namedResolver) bool { return r.protocol == protocol })
}
