package top

import (
	"context"
	"fmt"

	"github.com/proxy-engine/proxy-engine/engine/admin/api"
)

// action is something that can be done to a row's subject.
type action struct {
	key  rune
	verb string
	do   func(context.Context, *api.Client, subject) (api.Done, error)
}

// order is an action that was confirmed.
type order struct {
	action action
	row    row
}

// actionsOf are those of a table's rows, each with a letter of its own.
func actionsOf(t table) []action {
	switch t {
	case resources:
		return []action{
			{'w', "wake", onResource((*api.Client).Wake)},
			{'d', "drain", onResource((*api.Client).DrainResource)},
			{'b', "block", onResource((*api.Client).Block)},
			{'u', "unblock", onResource((*api.Client).Unblock)},
			{'p', "purge", func(ctx context.Context, c *api.Client, s subject) (api.Done, error) { return c.Purge(ctx, s.name) }},
			{'c', "close all sessions of", closing(func(s subject) api.SessionFilter {
				return api.SessionFilter{Protocol: s.protocol, Resource: s.name}
			})},
		}
	case endpoints:
		return []action{
			{'a', "leave to its breaker", forcing(api.ForceAuto)},
			{'o', "force open", forcing(api.ForceOpen)},
			{'c', "force closed", forcing(api.ForceClosed)},
			{'d', "drain", forcing(api.ForceDrain)},
		}
	case sessions:
		return []action{{'c', "close", closing(func(s subject) api.SessionFilter { return api.SessionFilter{IDs: []string{s.name}} })}}
	}
	return []action{{'c', "close all sessions of", closing(func(s subject) api.SessionFilter { return api.SessionFilter{Listener: s.name} })}}
}

func onResource(do func(*api.Client, context.Context, string, string) (api.Done, error)) func(context.Context, *api.Client, subject) (api.Done, error) {
	return func(ctx context.Context, c *api.Client, s subject) (api.Done, error) {
		return do(c, ctx, s.protocol, s.name)
	}
}

func forcing(state string) func(context.Context, *api.Client, subject) (api.Done, error) {
	return func(ctx context.Context, c *api.Client, s subject) (api.Done, error) {
		return c.ForceEndpoint(ctx, s.name, state)
	}
}

func closing(filter func(subject) api.SessionFilter) func(context.Context, *api.Client, subject) (api.Done, error) {
	return func(ctx context.Context, c *api.Client, s subject) (api.Done, error) {
		return c.CloseSessions(ctx, filter(s))
	}
}

// String says what is to be done, to whom.
func (o order) String() string { return o.action.verb + " " + o.row.label }

// outcome is how an order ended.
type outcome struct {
	order order
	done  api.Done
	err   error
}

// line is what the outcome is told as.
func (o outcome) line() line {
	if o.err != nil {
		return line{}.say(bad, fmt.Sprintf("%v: %v", o.order, o.err))
	}
	return line{}.say(good, fmt.Sprintf("%v: %s (%d)", o.order, o.done.Status, o.done.Count))
}
