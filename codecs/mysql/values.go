package mysql

import (
	"strconv"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// value is what an expression yields before there is a backend.
type value struct {
	text string
	null bool
	// number says that clients are to take the text for one.
	number bool
}

// variables are the system variables drivers and tools ask for when they
// connect, with the values of a server as it is installed. Of a backend's own
// nothing is known.
var variables = map[string]value{
	"auto_increment_increment": {text: "1", number: true},
	"character_set_client":     {text: "utf8mb4"},
	"character_set_connection": {text: "utf8mb4"},
	"character_set_database":   {text: "utf8mb4"},
	"character_set_results":    {text: "utf8mb4"},
	"character_set_server":     {text: "utf8mb4"},
	"collation_connection":     {text: "utf8mb4_general_ci"},
	"collation_database":       {text: "utf8mb4_general_ci"},
	"collation_server":         {text: "utf8mb4_general_ci"},
	"init_connect":             {text: ""},
	"interactive_timeout":      {text: "28800", number: true},
	"license":                  {text: "GPL"},
	"lower_case_table_names":   {text: "0", number: true},
	"max_allowed_packet":       {text: "16777216", number: true},
	"net_write_timeout":        {text: "60", number: true},
	"performance_schema":       {text: "0", number: true},
	"sql_mode":                 {text: "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"},
	"system_time_zone":         {text: "UTC"},
	"time_zone":                {text: "SYSTEM"},
	"transaction_isolation":    {text: "REPEATABLE-READ"},
	"transaction_read_only":    {text: "0", number: true},
	"tx_isolation":             {text: "REPEATABLE-READ"},
	"tx_read_only":             {text: "0", number: true},
	"version_comment":          {text: "proxy-engine"},
	"wait_timeout":             {text: "28800", number: true},
}

// selectValues answers a SELECT, if every expression has a value.
func (c *codec) selectValues(items []item) codecs.Step {
	columns := make([]column, len(items))
	for i, it := range items {
		v, ok := c.valueOf(it)
		if !ok {
			return c.noDatabase()
		}
		columns[i] = column{name: string(it.name), value: v}
	}
	return c.result(columns, true)
}

// valueOf returns an expression's value; ok is false if only a backend has it.
func (c *codec) valueOf(it item) (v value, ok bool) {
	switch {
	case it.number != nil:
		return value{text: string(it.number), number: true}, true
	case it.function != "":
		return c.call(it.function)
	case it.variable == "version":
		return value{text: c.settings.ServerVersion}, true
	case it.variable == "autocommit":
		return value{text: strconv.Itoa(int(c.late.status & statusAutocommit / statusAutocommit)), number: true}, true
	}
	v, ok = variables[it.variable]
	return v, ok
}

// call returns a function's value.
func (c *codec) call(function string) (v value, ok bool) {
	switch function {
	case "database", "schema":
		return value{null: true}, true
	case "version":
		return value{text: c.settings.ServerVersion}, true
	case "connection_id":
		return value{text: strconv.FormatUint(uint64(c.id), 10), number: true}, true
	case "user", "current_user", "session_user", "system_user":
		return value{text: string(c.login.identity.user) + "@%"}, true
	default:
		return value{}, false
	}
}
