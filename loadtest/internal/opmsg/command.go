package opmsg

import "encoding/binary"

// Command is a message under construction: a command's fields, the first of
// which names it.
type Command struct {
	bytes []byte
	// open are where the documents begin that aren't complete yet.
	open [2]int
	deep int
}

// NewCommand begins a message in the memory of buf, which is overwritten.
func NewCommand(buf []byte, id int32) *Command {
	c := &Command{bytes: append(buf[:0], 0, 0, 0, 0)}
	c.bytes = binary.LittleEndian.AppendUint32(c.bytes, uint32(id))
	c.bytes = append(c.bytes, 0, 0, 0, 0)
	c.bytes = binary.LittleEndian.AppendUint32(c.bytes, opMsg)
	c.bytes = append(c.bytes, 0, 0, 0, 0, 0)
	c.begin()
	return c
}

func (c *Command) begin() {
	c.open[c.deep] = len(c.bytes)
	c.deep++
	c.bytes = append(c.bytes, 0, 0, 0, 0)
}

func (c *Command) end() {
	c.deep--
	at := c.open[c.deep]
	c.bytes = append(c.bytes, 0)
	binary.LittleEndian.PutUint32(c.bytes[at:], uint32(len(c.bytes)-at))
}

func (c *Command) name(k kind, name string) {
	c.bytes = append(append(append(c.bytes, byte(k)), name...), 0)
}

// Int32 adds a field.
func (c *Command) Int32(name string, v int32) *Command {
	c.name(kindInt32, name)
	c.bytes = binary.LittleEndian.AppendUint32(c.bytes, uint32(v))
	return c
}

// Int64 adds a field.
func (c *Command) Int64(name string, v int64) *Command {
	c.name(kindInt64, name)
	c.bytes = binary.LittleEndian.AppendUint64(c.bytes, uint64(v))
	return c
}

// Text adds a field.
func (c *Command) Text(name, v string) *Command {
	c.name(kindString, name)
	c.bytes = binary.LittleEndian.AppendUint32(c.bytes, uint32(len(v)+1))
	c.bytes = append(append(c.bytes, v...), 0)
	return c
}

// Document adds a field whose own fields fill adds. They are no documents.
func (c *Command) Document(name string, fill func(*Command)) *Command {
	c.name(kindDocument, name)
	c.begin()
	fill(c)
	c.end()
	return c
}

// Message completes the command for a database and returns the message.
func (c *Command) Message(database string) []byte {
	c.Text("$db", database)
	c.end()
	binary.LittleEndian.PutUint32(c.bytes, uint32(len(c.bytes)))
	return c.bytes
}
