package main

import (
	"encoding"
	"sync/atomic"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/mongodb"
	"github.com/proxy-engine/proxy-engine/codecs/passthrough"
	"github.com/proxy-engine/proxy-engine/codecs/smtp"
)

func (s *settings) mongodbFront(mode tlsMode) codecs.Front {
	if mode == tlsPassthrough {
		return passthrough.Front(codecs.MongoDB)
	}
	var connections atomic.Int32
	return mongodb.Front(mongodb.Options{
		ResourcePattern: s.pattern.compiled, ServerNamePattern: s.mongodbSNI.compiled, ApplicationPattern: s.mongodbApp.compiled,
		ShowTopology: !s.mongodbHide, Multiplex: s.mongodbMultiplex, MaxWireVersion: int32(s.mongodbWire),
		Now:          func() int64 { return time.Now().UnixMilli() },
		ConnectionID: func() int32 { return connections.Add(1) },
	})
}

func (s *settings) smtpFront(mode tlsMode) codecs.Front {
	return s.smtpFrontWith([...]smtp.TLSMode{tlsOff: smtp.TLSOff, tlsOn: smtp.TLSOffered, tlsRequire: smtp.TLSRequired, tlsPassthrough: smtp.TLSOff}[mode])
}

func (s *settings) smtpsFront(tlsMode) codecs.Front { return s.smtpFrontWith(smtp.TLSImplicit) }

func (s *settings) smtpFrontWith(mode smtp.TLSMode) codecs.Front {
	o := s.smtpOptions
	o.TLS, o.ClientHeader = mode, s.smtpHeader.words
	return smtp.Front(o)
}

// parseNamed takes the name of an enum that knows its own.
func parseNamed[T any, P interface {
	*T
	encoding.TextUnmarshaler
}](text string) (value T, err error) {
	err = P(&value).UnmarshalText([]byte(text))
	return value, err
}
