package mongodb

import (
	"encoding/binary"
	"fmt"
)

// replyFlags are an OP_REPLY's: AwaitCapable, which servers always set.
const replyFlags = 8

// openReply appends everything of a reply up to its document's first field.
// Its own id is that of the request: nobody answers a reply.
func openReply(dst []byte, r request) []byte {
	op := opMsg
	if r.legacy {
		op = opReply
	}
	dst = append(dst, 0, 0, 0, 0)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(r.id))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(r.id))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(op))
	if r.legacy {
		dst = binary.LittleEndian.AppendUint32(dst, replyFlags)
		dst = binary.LittleEndian.AppendUint64(dst, 0) // no cursor
		dst = binary.LittleEndian.AppendUint32(dst, 0) // starting with the first
		dst = binary.LittleEndian.AppendUint32(dst, 1) // document
	} else {
		dst = append(dst, 0, 0, 0, 0, 0) // no flags, a section of kind 0
	}
	return openDocument(dst)
}

// bodyAt returns where the document of a reply of ours is.
func bodyAt(r request) int {
	if r.legacy {
		return replyHeader
	}
	return headerSize + flagsSize + 1
}

// replyHeader is how many bytes of an OP_REPLY come before its documents: the
// header, flags, a cursor's id, the first document's number and how many there
// are.
const replyHeader = headerSize + 4 + 8 + 4 + 4

// closeReply fills in the lengths of the reply that begins at from.
func closeReply(dst []byte, from int, r request) []byte {
	dst = closeDocument(dst, from+bodyAt(r))
	binary.LittleEndian.PutUint32(dst[from:], uint32(len(dst)-from))
	return dst
}

// The limits hello tells, in bytes and pieces: MongoDB's own.
const (
	maxBSON       = 16 << 20
	maxBatch      = 100_000
	sessionExpiry = 30 // minutes
)

// maxHello is room enough for a reply to hello, in bytes.
const maxHello = 352

// helloReply returns the reply to a hello, that of a mongos; extra are fields of
// the backend's to go with it.
//
// It has no topologyVersion: drivers then ask again after their
// heartbeatFrequencyMS instead of waiting for a stream of replies, so that
// nothing here needs a clock (Server Monitoring, "Multi-threaded or
// asynchronous monitoring"). And it offers no compression, which what follows
// could not be routed by.
func (c *codec) helloReply(r request, m manner, extra []byte) []byte {
	dst := openReply(make([]byte, 0, maxHello+len(extra)), r)
	if m.helloOk {
		dst = appendBool(dst, "helloOk", true)
	}
	if m.old {
		dst = appendBool(dst, "ismaster", true)
	} else {
		dst = appendBool(dst, "isWritablePrimary", true)
	}
	dst = appendText(dst, "msg", "isdbgrid")
	dst = appendInt32(dst, "maxBsonObjectSize", maxBSON)
	dst = appendInt32(dst, "maxMessageSizeBytes", maxMessage)
	dst = appendInt32(dst, "maxWriteBatchSize", maxBatch)
	dst = c.appendTime(dst)
	dst = appendInt32(dst, "logicalSessionTimeoutMinutes", sessionExpiry)
	dst = c.appendConnection(dst)
	dst = appendInt32(dst, "maxWireVersion", c.options.MaxWireVersion)
	dst = appendInt32(dst, "minWireVersion", c.options.MinWireVersion)
	dst = append(dst, extra...)
	return closeReply(appendDouble(dst, "ok", 1), 0, r)
}

func (c *codec) appendTime(dst []byte) []byte {
	if c.options.Now == nil {
		return dst
	}
	return appendDate(dst, "localTime", c.options.Now())
}

func (c *codec) appendConnection(dst []byte) []byte {
	if c.options.ConnectionID == nil {
		return dst
	}
	return appendInt32(dst, "connectionId", c.id)
}

// okReply returns the reply that says nothing but ok.
func okReply(r request) []byte {
	return closeReply(appendDouble(openReply(nil, r), "ok", 1), 0, r)
}

// buildInfoReply returns the reply to buildInfo.
func (c *codec) buildInfoReply(r request) []byte {
	v := c.options.Version
	dst := openReply(nil, r)
	dst = appendText(dst, "version", versionText(v))
	dst = appendName(dst, kindArray, "versionArray")
	at := len(dst)
	dst = openDocument(dst)
	for i, n := range [...]int32{v[0], v[1], v[2], 0} {
		dst = appendInt32(dst, string(rune('0'+i)), n)
	}
	dst = closeDocument(dst, at)
	dst = appendInt32(dst, "bits", 64)
	dst = appendBool(dst, "debug", false)
	dst = appendInt32(dst, "maxBsonObjectSize", maxBSON)
	return closeReply(appendDouble(dst, "ok", 1), 0, r)
}

// versionText is a version with its dots.
func versionText(v [3]int32) string {
	return fmt.Sprintf("%d.%d.%d", v[0], v[1], v[2])
}
