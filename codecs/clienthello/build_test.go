package clienthello

import (
	"encoding/binary"
	"slices"
)

// vector8 and vector16 put the length before the parts.
func vector8(parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	return append([]byte{byte(len(body))}, body...)
}

func vector16(parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(body))), body...)
}

func extension(kind uint16, data []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, kind), vector16(data)...)
}

func serverName(names ...string) []byte {
	var list []byte
	for _, name := range names {
		list = append(append(list, typeHostName), vector16([]byte(name))...)
	}
	return extension(extensionServerName, vector16(list))
}

func protocols(names ...string) []byte {
	var list []byte
	for _, name := range names {
		list = append(list, vector8([]byte(name))...)
	}
	return extension(extensionProtocols, vector16(list))
}

func versions(offered ...Version) []byte {
	var list []byte
	for _, v := range offered {
		list = binary.BigEndian.AppendUint16(list, uint16(v))
	}
	return extension(extensionSupportedVersions, vector8(list))
}

// fields is a ClientHello up to its extensions.
func fields(legacy Version) []byte {
	return slices.Concat(binary.BigEndian.AppendUint16(nil, uint16(legacy)), make([]byte, randomSize),
		vector8(make([]byte, 32)), vector16([]byte{0x13, 1, 0xc0, 0x2f}), vector8([]byte{0}))
}

// message puts a ClientHello's header before its body.
func message(body ...[]byte) []byte {
	m := slices.Concat(body...)
	return slices.Concat([]byte{typeClientHello, byte(len(m) >> 16), byte(len(m) >> 8), byte(len(m))}, m)
}

// hello is a message with extensions.
func hello(extensions ...[]byte) []byte {
	return message(fields(TLS12), vector16(extensions...))
}

// record is one record with the fragment.
func record(fragment []byte) []byte {
	return append([]byte{typeHandshake, 3, 1}, vector16(fragment)...)
}

// fragmented is the message in records of at most so many bytes each.
func fragmented(message []byte, size int) []byte {
	var stream []byte
	for fragment := range slices.Chunk(message, size) {
		stream = append(stream, record(fragment)...)
	}
	return stream
}

// padded is a message of exactly that size, most of which is padding (RFC
// 7685).
func padded(size int) []byte {
	const padding = 21
	return hello(serverName("shop.example"), extension(padding, make([]byte, size-len(hello(serverName("shop.example")))-4)))
}
