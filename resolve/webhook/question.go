package webhook

import (
	"github.com/proxy-engine/proxy-engine/resolve"
)

// question is the body of a resolve.Request.
type question struct {
	Event      string    `json:"event"` // "resolve"
	Protocol   string    `json:"protocol"`
	Resource   string    `json:"resource"`
	Client     string    `json:"client,omitempty"`
	ServerName string    `json:"server_name,omitempty"`
	Identity   *identity `json:"identity,omitempty"`
}

// identity is resolve.Identity.
type identity struct {
	Subject     string   `json:"subject,omitempty"`
	CommonName  string   `json:"common_name,omitempty"`
	DNSNames    []string `json:"dns_names,omitempty"`
	Emails      []string `json:"emails,omitempty"`
	URIs        []string `json:"uris,omitempty"`
	IPs         []string `json:"ips,omitempty"`
	Fingerprint string   `json:"fingerprint,omitempty"`
}

func newQuestion(req resolve.Request) question {
	q := question{
		Event: "resolve", Protocol: req.Protocol, Resource: req.Resource,
		Client: clientOf(req), ServerName: req.ServerName,
	}
	if id := req.Identity; id != nil {
		q.Identity = &identity{
			Subject: id.Subject, CommonName: id.CommonName, DNSNames: id.DNSNames,
			Emails: id.Emails, URIs: id.URIs, IPs: id.IPs, Fingerprint: id.Fingerprint,
		}
	}
	return q
}

// clientOf is the client's address, "" if it isn't known.
func clientOf(req resolve.Request) string {
	if !req.Client.IsValid() {
		return ""
	}
	return req.Client.String()
}

// wakeCall is the body of a wake hook.
type wakeCall struct {
	Event    string            `json:"event"` // "wake"
	Protocol string            `json:"protocol"`
	Resource string            `json:"resource"`
	Client   string            `json:"client,omitempty"`
	Endpoint string            `json:"endpoint"`
	Wake     string            `json:"wake"`
	Metadata map[string]string `json:"metadata,omitempty"`
}

func newWakeCall(target string, req resolve.Request, res resolve.Result) wakeCall {
	return wakeCall{
		Event: "wake", Protocol: req.Protocol, Resource: req.Resource, Client: clientOf(req),
		Endpoint: res.Endpoint, Wake: target, Metadata: res.Metadata,
	}
}
