package redis

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/proxy-engine/proxy-engine/resolve"
)

var _ resolve.Waker = (*Resolver)(nil)

// wakeMessage is what is published to have a resource woken.
type wakeMessage struct {
	Protocol string `json:"protocol"`
	Resource string `json:"resource"`
	Instance string `json:"instance"`
}

// Wake has a resource woken the way its hash says:
//
//	wake: publish            {"protocol","resource","instance"} on Options.WakeChannel
//	wake: publish:<channel>  the same on another channel
//	wake: https://...        Options.Hook
//
// Who listens starts the resource and writes its hash anew, which is what ends the
// waiting. That nobody listens at this server is logged and no error: those
// who do may be at another node.
func (r *Resolver) Wake(ctx context.Context, req resolve.Request, res resolve.Result) error {
	if channel, ok := publishChannel(res.Wake, r.o.WakeChannel); ok {
		return r.publishWake(ctx, channel, req)
	}
	if r.o.Hook == nil || res.Wake == "" {
		return resolve.Errorf(resolve.Internal, "there is nothing here to wake %q by its URL with", req.Resource)
	}
	return r.o.Hook(ctx, res.Wake, req, res)
}

func (r *Resolver) publishWake(ctx context.Context, channel string, req resolve.Request) error {
	text, err := json.Marshal(wakeMessage{Protocol: req.Protocol, Resource: req.Resource, Instance: r.o.Instance})
	if err != nil {
		return resolve.Errorf(resolve.Internal, "wake message: %w", err)
	}
	listeners, err := r.publish(ctx, channel, string(text))
	if err == nil && listeners == 0 {
		r.o.Logger.Warn("redis: nobody listens for wake messages here", "channel", channel, "resource", req.Resource)
	}
	return err
}

// publishChannel returns the channel a wake field names, or that one isn't what it
// names.
func publishChannel(wake, fallback string) (channel string, ok bool) {
	if wake == "publish" {
		return fallback, true
	}
	channel, ok = strings.CutPrefix(wake, "publish:")
	return channel, ok && channel != ""
}
