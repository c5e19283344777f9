package mysql

import (
	"encoding/binary"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// column is a column of a result of at most one row.
type column struct {
	name  string
	value value
}

// Column types and the collation of numbers. (MySQL: include/field_types.h.)
const (
	typeLongLong  = 8
	typeVarString = 253
	binaryCharset = 63
)

// columnFixed is the length of the fixed fields of a column's definition, in
// bytes, themselves excluded.
const columnFixed = 12

// warningColumns are the columns of SHOW WARNINGS.
func warningColumns() []column {
	return []column{{name: "Level"}, {name: "Code", value: value{number: true}}, {name: "Message"}}
}

// result answers with a result that has one row of the columns' values, or
// none. (MySQL: Protocol::Text Resultset.)
func (c *codec) result(columns []column, row bool) codecs.Step {
	flags := c.login.identity.capabilities
	c.tellClient(appendColumnCount(nil, flags, len(columns)))
	for _, col := range columns {
		c.tellClient(appendColumn(nil, col))
	}
	if !flags.has(DeprecateEOF) {
		c.tellClient(appendEnd(nil, flags, c.late.status))
	}
	if row {
		c.tellClient(appendRow(nil, columns))
	}
	return c.reply(appendEnd(nil, flags, c.late.status))
}

// appendColumnCount appends a result's first packet, with OptionalMetadata the
// byte that says that the columns follow.
func appendColumnCount(dst []byte, c Capabilities, n int) []byte {
	if c.has(OptionalMetadata) {
		dst = append(dst, 1)
	}
	return appendLength(dst, n)
}

// appendColumn appends a ColumnDefinition41.
func appendColumn(dst []byte, col column) []byte {
	dst = appendLengthed(dst, "def")
	dst = append(dst, 0, 0, 0) // schema, table, original table
	dst = appendLengthed(dst, col.name)
	dst = append(dst, 0, columnFixed) // original name
	collation, kind := uint16(utf8mb4), byte(typeVarString)
	if col.value.number {
		collation, kind = binaryCharset, typeLongLong
	}
	dst = binary.LittleEndian.AppendUint16(dst, collation)
	dst = binary.LittleEndian.AppendUint32(dst, 4*max(uint32(len(col.value.text)), 64))
	return append(dst, kind, 0, 0, 0, 0, 0) // flags, decimals, unused
}

// appendRow appends a row of text.
func appendRow(dst []byte, columns []column) []byte {
	for _, col := range columns {
		if col.value.null {
			dst = append(dst, lengthNull)
			continue
		}
		dst = appendLengthed(dst, col.value.text)
	}
	return dst
}
