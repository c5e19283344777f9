package mysql

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

// packets takes what the client heard apart.
func packets(t *testing.T, heard []byte) [][]byte {
	t.Helper()
	var all [][]byte
	for next := (leg{next: 1}); len(heard) > 0; {
		payload, f := next.read(heard)
		if f != faultNone {
			t.Fatalf("%q: fault %d", heard, f)
		}
		all = append(all, payload)
		heard = heard[headerSize+len(payload):]
	}
	return all
}

// table returns a result as text: its columns, then its rows, "NULL" for NULL.
func table(t *testing.T, flags Capabilities, heard []byte) string {
	t.Helper()
	all := packets(t, heard)
	count := all[0]
	if flags.has(OptionalMetadata) {
		count = count[1:]
	}
	columns := int(count[0])
	var lines []string
	var names []string
	for _, definition := range all[1 : 1+columns] {
		r := reader{rest: definition}
		for range 4 {
			r.lengthed()
		}
		names = append(names, string(r.lengthed()))
		if r.lengthed(); r.bad || r.uint8() != columnFixed || len(r.rest) != columnFixed {
			t.Fatalf("column %q", definition)
		}
	}
	lines = append(lines, strings.Join(names, "|"))
	rest := all[1+columns:]
	if !flags.has(DeprecateEOF) {
		if len(rest[0]) != 5 || rest[0][0] != typeEOF {
			t.Fatalf("no EOF behind the columns: %q", rest[0])
		}
		rest = rest[1:]
	}
	last := rest[len(rest)-1]
	if last[0] != typeEOF || len(last) != map[bool]int{true: 7, false: 5}[flags.has(DeprecateEOF)] {
		t.Fatalf("ends with %q", last)
	}
	for _, row := range rest[:len(rest)-1] {
		r := reader{rest: row}
		var values []string
		for len(r.rest) > 0 {
			if r.rest[0] == lengthNull {
				r.take(1)
				values = append(values, "NULL")
				continue
			}
			values = append(values, string(r.lengthed()))
		}
		lines = append(lines, strings.Join(values, "|"))
	}
	return strings.Join(lines, "\n")
}

func TestSelect(t *testing.T) {
	for _, without := range []Capabilities{0, DeprecateEOF} {
		for _, with := range []Capabilities{0, OptionalMetadata} {
			flags := DefaultCapabilities&^without | with
			s := waiting(t, Options{Capabilities: flags})
			s.codec.login.identity.capabilities = flags
			for sql, want := range map[string]string{
				"SELECT DATABASE()":                                       "DATABASE()\nNULL",
				"select @@version_comment limit 1":                        "@@version_comment\nproxy-engine",
				"select version() as v, 1 , @@SESSION.autocommit `a``b`;": "v|1|a`b\n" + DefaultServerVersion + "|1|1",
				"/* x */ SELECT @@global.wait_timeout-- ":                 "@@global.wait_timeout\n28800",
				"select connection_id(), user()":                          "connection_id()|user()\n67305985|alice@%",
				"show warnings":                                           "Level|Code|Message",
				"SHOW WARNINGS;":                                          "Level|Code|Message",
				"select @@init_connect 'x'":                               "x\n",
			} {
				s.command(commandQuery, sql)
				if got := table(t, flags, s.heardClient()); got != want {
					t.Errorf("%s: %q, want %q", sql, got, want)
				}
			}
		}
	}
}

func TestStatements(t *testing.T) {
	for sql, want := range map[string]statement{
		"":                                {},
		";":                               {},
		"use shop":                        {verb: verbUse, database: []byte("shop")},
		"USE `sh``op` ;;":                 {verb: verbUse, database: []byte("sh`op")},
		"  \t\r\nUsE\nshop#":              {verb: verbUse, database: []byte("shop")},
		"-- x\nuse shop":                  {verb: verbUse, database: []byte("shop")},
		"use /* the */ shop -- best":      {verb: verbUse, database: []byte("shop")},
		"/*!50000 use shop */":            {verb: verbUse, database: []byte("shop")},
		"use größe":                       {verb: verbUse, database: []byte("größe")},
		"use":                             {},
		"use 'shop'":                      {},
		"use shop; drop table x":          {},
		"use shop x":                      {},
		"use sh-op":                       {},
		"use `shop":                       {},
		"use shop /*":                     {},
		"/*! use shop":                    {},
		"user shop":                       {},
		"set x = 1":                       {verb: verbSet},
		"SET x = ';', y = \"\\\";\"":      {verb: verbSet},
		"SET x = 'a''b;'":                 {verb: verbSet},
		"set x = 1; drop table y":         {},
		"set password = 'x'":              {},
		"set x = 'a":                      {},
		"/*!40101 set x = 1":              {},
		"/*!40101 set x */; select 1":     {},
		"set autocommit=0":                {verb: verbSet, autocommit: settingOff},
		"SET AUTOCOMMIT = 1;":             {verb: verbSet, autocommit: settingOn},
		"set session autocommit = on":     {verb: verbSet, autocommit: settingOn},
		"set @@session.autocommit := OFF": {verb: verbSet, autocommit: settingOff},
		"set @@autocommit = true":         {verb: verbSet, autocommit: settingOn},
		"set @autocommit = 0":             {verb: verbSet},
		"set autocommit = 0, x = 1":       {verb: verbSet},
		"set autocommit = 2":              {verb: verbSet},
		"show warnings limit 1":           {},
		"show tables":                     {},
		"select":                          {},
		"select *":                        {},
		"select @x":                       {},
		"select 1 from dual":              {},
		"select 1; select 2":              {},
		"select 1 limit 0":                {},
		"select now(":                     {},
		"select a":                        {},
		"select 1,":                       {},
		"select 1 as":                     {},
		"select @@":                       {},
		"/*!select 1":                     {},
		strings.Repeat("select 1", 1) + strings.Repeat(",1", maxItems): {},
		"begin": {},
	} {
		if got := parseStatement([]byte(sql)); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%q: %+v, want %+v", sql, got, want)
		}
	}
}

func TestCommands(t *testing.T) {
	for _, test := range []struct {
		command string
		want    byte // of the answer
	}{
		{"\x0e", typeOK},
		{"\x1f", typeOK},
		{"\x09", 'U'},
		{"\x1b\x00\x00", typeEOF},
		{"", typeERR},
		{"\x02", typeERR},
		{"\x02a\x00b", typeERR},
		{"\x03", typeERR},
		{"\x16select 1", typeERR},
		{"\x03select @@no_such_variable", typeERR},
		{"\x03select sleep()", typeERR},
		{"\x03select * from x", typeERR},
		{"\x03use ``", typeERR},
		{"\x11alice\x00", typeERR},
	} {
		for chunks := range codectest.Splits(packetOf(0, []byte(test.command))) {
			s := waiting(t, Options{})
			s.Client(chunks...)
			if heard := packets(t, s.heardClient()); len(heard) != 1 || heard[0][0] != test.want || s.Action != codecs.More {
				t.Errorf("%q is answered with %q", test.command, heard)
			}
		}
	}
}

func TestTooLongACommand(t *testing.T) {
	s := waiting(t, Options{})
	s.Client([]byte{0xff, 0xff, 0xff, 0})
	if got := parseERR(t, s.Refuse(s.Failure)); s.Action != codecs.Fail || got.seq != 1 || got.code != 1153 {
		t.Errorf("refused with %+v", got)
	}
}

func TestAutocommitShowsInTheStatus(t *testing.T) {
	s := waiting(t, Options{})
	for _, test := range []struct {
		sql    string
		status byte
	}{{"set autocommit=0", 0}, {"set names utf8", 0}, {"set autocommit=1", statusAutocommit}} {
		s.command(commandQuery, test.sql)
		if got := payloadOf(t, s.heardClient()); !bytes.Equal(got, appendOK(nil, uint16(test.status))) {
			t.Errorf("%s is answered with %q", test.sql, got)
		}
	}
}

// With query attributes two counts come before the text.
func TestQueryAttributes(t *testing.T) {
	for counts, want := range map[string]bool{"\x00\x01": true, "\x01\x01": false, "\x00\x02": false, "\x00": false, "\xff": false} {
		s := waiting(t, Options{})
		s.codec.login.identity.capabilities |= QueryAttributes
		s.command(commandQuery, counts+"set x=1")
		if got := payloadOf(t, s.heardClient()); (got[0] == typeOK) != want {
			t.Errorf("%q is answered with %q", counts, got)
		}
	}
}

// A client that waits for nothing is patient.
func TestPatience(t *testing.T) {
	c := waiting(t, Options{}).codec
	for _, command := range []string{"\x0e", "\x03set x=1", "\x03select 1", "\x03nonsense"} {
		if step := c.Client(packetOf(0, []byte(command))); !step.Patient {
			t.Errorf("%q: %+v", command, step)
		}
	}
	if step := c.Client([]byte{1}); !step.Patient {
		t.Errorf("half a header: %+v", step)
	}
}
