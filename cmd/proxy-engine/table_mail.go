package main

import "github.com/proxy-engine/proxy-engine/codecs/smtp"

// smtpRows are the settings of SMTP's listeners.
func smtpRows(s *settings) []*setting {
	o := &s.smtpOptions
	return []*setting{
		{flag: "smtp", env: "PROXY_SMTP", original: "port", meta: "ADDR",
			value: list[place]{&s.smtp, parsePlace, place.String},
			usage: "Listen for SMTP at host:port. Repeatable."},
		{flag: "smtps", meta: "ADDR",
			value: list[place]{&s.smtps, parsePlace, place.String},
			usage: "Listen for SMTP with TLS from the first byte (port 465). Repeatable."},
		{flag: "smtp-route-by", meta: "WHAT", choices: []string{"ehlo", "rcpt", "auth", "sni"}, value: scalar[smtp.RouteBy]{&o.RouteBy, parseNamed[smtp.RouteBy], smtp.RouteBy.String},
			usage: "What a client is routed by: ehlo (the name it says), rcpt (the first recipient's domain), auth (the domain of its user) " +
				"or sni (the name it asks for by TLS)."},
		{flag: "smtp-backend", env: "SMTP_BACKEND_ENDPOINT", original: "SMTP_BACKEND_ENDPOINT", meta: "HOST:PORT",
			value: scalar[string]{&s.smtpBackend, parseEndpoint, asIs},
			usage: "The backend of every SMTP client when no resolver is given."},
		{flag: "smtp-skip-validation", env: "SMTP_SKIP_VALIDATION", original: "skipValidation", value: boolean(&s.smtpSkipGuard),
			usage: "Let backends of SMTP have any address. Whoever can write a route can then reach your internal network."},
		{flag: "smtp-name", meta: "NAME", value: scalar[string]{&o.Name, parseText, asIs}, auto: "localhost",
			usage: "The host name that clients are greeted with."},
		{flag: "smtp-capability", meta: "LINE", value: list[string]{&o.Capabilities, parseText, asIs}, auto: "PIPELINING, 8BITMIME, ENHANCEDSTATUSCODES",
			usage: "What EHLO is answered with where the backend isn't known yet: what all of them have. Repeatable."},
		{flag: "smtp-client-header", meta: "HOW", choices: []string{"none", "proxy-v1", "proxy-v2", "xclient"},
			value: scalar[mailHeader]{&s.smtpHeader, parseMailHeader, mailHeader.String},
			usage: "How backends of SMTP are told of the client's address: proxy-v1, proxy-v2 or xclient; none is as --backend-proxy-protocol says."},
	}
}
