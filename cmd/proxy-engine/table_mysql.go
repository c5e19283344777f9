package main

import "github.com/proxy-engine/proxy-engine/codecs/mysql"

// mysqlRows are the settings of MySQL's listeners.
func mysqlRows(s *settings) []*setting {
	o := &s.mysqlOptions
	o.ServerVersion, o.Attribute, o.LateBinding = mysql.DefaultServerVersion, mysql.DefaultAttribute, true
	return []*setting{
		{flag: "mysql", env: "TCP_MYSQL_PORT", original: "ports", meta: "ADDR",
			value: list[place]{&s.mysql, parsePlace, place.String},
			usage: "Listen for MySQL and MariaDB at host:port. Clients are routed by database, or what the settings below say. Repeatable."},
		{flag: "mysql-late-binding", value: boolean(&o.LateBinding),
			usage: "Log clients in that name no database, and route them when they select one (USE). " +
				"They must be able to send their password encrypted; it is forgotten once the backend has answered."},
		{flag: "mysql-user-separator", meta: "TEXT", value: scalar[string]{&o.UserSeparator, parseText, asIs},
			usage: "With @, the user alice@shop wants the resource shop, and is alice there."},
		{flag: "mysql-attribute", meta: "NAME", value: scalar[string]{&o.Attribute, parseText, asIs},
			usage: "The connection attribute that names the resource of clients without a database."},
		{flag: "mysql-server-version", meta: "TEXT", value: scalar[string]{&o.ServerVersion, parseText, asIs},
			usage: "The server version clients are greeted with, before their backend is known."},
		{flag: "mysql-key", meta: "FILE", value: scalar[string]{&s.mysqlKey, parseText, asIs}, auto: "a new one at each start",
			usage: "RSA private key that clients without TLS encrypt their password with, PEM."},
	}
}
