package mysql

// A packet is 3 bytes of length, little endian, one of sequence id, and the
// payload. (MySQL internals, "MySQL Packets".)
const (
	headerSize = 4
	// maxPayload is the length, in bytes, of the longest packet that is taken
	// before the relay begins: a handshake response holds an answer and
	// attributes of 64 KiB each at most, a token for mysql_clear_password some
	// more. Packets that continue in another (2^24-1 bytes) are longer.
	maxPayload = 1 << 20
)

// fault is what is wrong with a packet.
type fault uint8

const (
	// faultNone: nothing, it is whole.
	faultNone fault = iota
	// faultShort: it isn't whole yet.
	faultShort
	// faultLong: it is longer than maxPayload.
	faultLong
	// faultOrder: its sequence id isn't the next one.
	faultOrder
)

// leg counts the packets of one connection, which both sides number in turn.
type leg struct {
	// next is the sequence id of the next packet, whoever sends it.
	next uint8
}

// read returns the payload of the packet at the start of in, which it aliases,
// and counts it. Its header is judged as soon as it is there. A refusal takes
// up the numbers of a packet at fault, so that its sender reads it.
func (l *leg) read(in []byte) (payload []byte, f fault) {
	if len(in) < headerSize {
		return nil, faultShort
	}
	size := payloadSize(in)
	switch {
	case size > maxPayload:
		l.next = in[3] + 1
		return nil, faultLong
	case in[3] != l.next:
		l.next = in[3] + 1
		return nil, faultOrder
	case len(in) < headerSize+size:
		return nil, faultShort
	}
	l.next++
	return in[headerSize : headerSize+size], faultNone
}

// payloadSize reads the length of a packet of which the header is there.
func payloadSize(in []byte) int {
	return int(in[0]) | int(in[1])<<8 | int(in[2])<<16
}

// appendPacket appends the next packet of the leg. No payload of ours reaches
// 2^24 bytes.
func (l *leg) appendPacket(dst, payload []byte) []byte {
	size := len(payload)
	dst = append(dst, byte(size), byte(size>>8), byte(size>>16), l.next)
	l.next++
	return append(dst, payload...)
}
