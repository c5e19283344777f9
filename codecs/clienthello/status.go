package clienthello

// Status is what bytes at the start of a connection are.
type Status uint8

// The statuses. All but More and Complete are final verdicts: no bytes that
// follow could make a ClientHello of it.
const (
	// More: a ClientHello as far as it goes.
	More Status = iota
	// Complete: a whole ClientHello.
	Complete
	// NotHandshake: a record that isn't a handshake's (type 22), or no record.
	NotHandshake
	// BadRecordVersion: a record's version isn't one of 3.0 to 3.4. Clients
	// write 3.1 or 3.3, and servers ignore which of them.
	BadRecordVersion
	// BadRecordLength: a record is empty or longer than 2^14 bytes.
	BadRecordLength
	// NotClientHello: another handshake message.
	NotClientHello
	// TooLong: more than MaxMessage or MaxSize allows.
	TooLong
	// Trailing: the records hold more than the message. A client has nothing
	// to add before the server has answered.
	Trailing
	// BadStructure: a length of the message's contradicts another.
	BadStructure
	// BadServerName: the name asked for isn't a host name, or there are several.
	BadServerName
	// BadProtocols: a list of application protocols that is empty, has an
	// empty one or comes twice.
	BadProtocols
	// BadVersions: the same with the supported versions.
	BadVersions

	statuses
)

var statusTexts = [statuses]string{
	More:             "the ClientHello is incomplete",
	Complete:         "the ClientHello is complete",
	NotHandshake:     "this is no TLS handshake",
	BadRecordVersion: "invalid version of a TLS record",
	BadRecordLength:  "invalid length of a TLS record",
	NotClientHello:   "the TLS handshake doesn't begin with a ClientHello",
	TooLong:          "the ClientHello is too long",
	Trailing:         "bytes were sent behind the ClientHello",
	BadStructure:     "invalid layout of the ClientHello",
	BadServerName:    "the TLS server name (SNI) is not a host name",
	BadProtocols:     "invalid list of TLS application protocols (ALPN)",
	BadVersions:      "invalid list of TLS versions",
}

// String returns a text that may be shown to the client.
func (s Status) String() string {
	if s < statuses {
		return statusTexts[s]
	}
	return "unknown"
}

// Statuses returns every status, for tables and tests.
func Statuses() []Status {
	all := make([]Status, statuses)
	for i := range all {
		all[i] = Status(i)
	}
	return all
}
