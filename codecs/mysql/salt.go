package mysql

import (
	"encoding/binary"
	"io"
)

// foreign is a bit that the connection ids of MySQL and MariaDB, which count up
// from 1, don't have: one of ours that reaches a backend as it is (KILL in a
// relayed session) is that of nobody there.
const foreign = 1 << 31

// draw makes the nonce and the connection id.
func (c *codec) draw() error {
	if _, err := io.ReadFull(c.settings.Random, c.salt[:]); err != nil {
		return err
	}
	printable(c.salt[:])
	if c.settings.NextID != nil {
		c.id = c.settings.NextID()
		return nil
	}
	var id [4]byte
	_, err := io.ReadFull(c.settings.Random, id[:])
	c.id = binary.LittleEndian.Uint32(id[:]) | foreign
	return err
}

// printable maps random bytes to those the servers use: 7 bits without NUL,
// where clients would end the nonce, and without the '$' that separates it in
// a stored password.
func printable(salt []byte) {
	for i, b := range salt {
		b &= 0x7f
		if b == 0 || b == '$' {
			b++
		}
		salt[i] = b
	}
}

// greeting returns what the client is greeted with.
func (c *codec) greeting() greeting {
	return greeting{
		version:      []byte(c.settings.ServerVersion),
		id:           c.id,
		salt:         c.salt[:],
		capabilities: c.offered(),
		plugin:       []byte(c.settings.Plugin),
	}
}

// offered returns the capabilities the client is offered.
func (c *codec) offered() Capabilities {
	if c.settings.TLS == TLSOff || c.secured {
		return c.settings.Capabilities
	}
	return c.settings.Capabilities | SSL
}
