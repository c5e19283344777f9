// Package mysql is the front end for clients of MySQL, MariaDB and TiDB. It
// finds a client's backend and has the client log in to it, without knowing a
// user or a password.
//
// The server speaks first, and a password is proven by an answer to a nonce of
// the server's. So the client is greeted before its backend is known, what it
// answers to our nonce is thrown away, and it is asked again for the backend's:
//
//	client                         codec                          backend
//	   ◄── HandshakeV10, our nonce ──┤
//	   ├── [SSLRequest, TLS] ────────►
//	   ├── HandshakeResponse41 ──────►  Route
//	                                 ├── connect ────────────────────►
//	                                 ◄── HandshakeV10 ────────────────┤
//	                                 ├── [SSLRequest, TLS] ──────────►
//	                                 ├── HandshakeResponse41, whose
//	                                 │   method is none there is ─────►
//	   ◄── AuthSwitchRequest ────────┼── its method and nonce ────────┤
//	   ├── answer ───────────────────┼────────────────────────────────►
//	   ◄── AuthMoreData ... ─────────┼────────────────────────────────┤
//	   ◄── OK ───────────────────────┼────────────────────────────────┤
//	                               Relay
//
// Packets (all integers little endian; sources: "Client/Server Protocol" of
// MySQL's internals and sql/auth/sql_authentication.cc, sql/sql_acl.cc of
// MariaDB, and a MariaDB server and clients asked about what they leave open):
//
//	              0        3    4
//	              ┌────────┬────┬─────────┐
//	any           │ length │ id │ payload │  ids count up on each leg
//	              └────────┴────┴─────────┘
//	              ┌────┬──────────┬────┬──────┬───┬───────┬─────┬───────┬─────┬──────┬────┬─────────┬──────────┐
//	HandshakeV10  │ 10 │ version\0│ id │ salt │ 0 │ flags │ 45  │ status│flags│ 21   │  0 │ salt, 0 │ plugin\0 │
//	              └────┴──────────┴────┴──────┴───┴───────┴─────┴───────┴─────┴──────┴────┴─────────┴──────────┘
//	               1               4    8      1   2       1     2       2     1      10   13
//	              ┌───────┬────────────┬───────────┬────┬────────┬───────────────────────────┐
//	Handshake-    │ flags │ max packet │ collation │  0 │ user\0 │ [answer] [database\0]     │
//	Response41    └───────┴────────────┴───────────┴────┴────────┤ [plugin\0] [attributes]   │
//	               4       4            1           23           │ [zstd level]              │
//	SSLRequest: only these 32 bytes                              └───────────────────────────┘
//	              ┌──────┬──────────┬─────────┐
//	AuthSwitch-   │ 0xfe │ plugin\0 │ salt, 0 │
//	Request       └──────┴──────────┴─────────┘
//	              ┌──────┬──────┐   ┌──────┬──────┬─────┬───────┬──────┐
//	AuthMoreData  │ 0x01 │ data │ERR│ 0xff │ code │ '#' │ state │ text │
//	              └──────┴──────┘   └──────┴──────┴─────┴───────┴──────┘
//
// # The resource
//
// The first there is of: the database of the handshake; the resource of a user
// in the form of Options.UserSeparator (the backend gets the bare user); the
// connection attribute Options.Attribute; the server name of TLS, if
// Options.RouteBySNI. Where there is none, and Options.LateBinding is set, the
// database the client selects later. A route may name the database the backend
// is asked for.
//
// # Capabilities
//
// After the login bytes are relayed unread, so both legs must use the same
// packets. What clients are offered (Options.Capabilities) is what every
// backend must have; one that lacks a flag that changes packets, and that the
// client uses, is refused with an error that says so. In front of servers
// older than MySQL 5.7 and MariaDB 10.2 take DeprecateEOF and SessionTrack
// away. Compression may be offered if every backend has it; both legs then use
// the same.
//
// # TLS and passwords
//
// Each leg has TLS or not on its own. Most methods are exchanges of packets
// that mean the same on both legs (mysql_native_password, client_ed25519,
// parsec, dialog, LDAP, Kerberos) and are relayed. caching_sha2_password, when
// the server doesn't know the password's hash yet, and sha256_password send
// the password, in clear inside TLS and encrypted to the server's RSA key
// elsewhere. Where only the client's leg is TLS the codec encrypts to the
// backend's key, where only the backend's is it decrypts with Options.Key.
// mysql_clear_password is relayed as the client sends it.
//
// Passwords are in memory for the time that takes, are overwritten afterwards,
// and are in no error or text.
//
// Clients that verify a server's certificate by their password (MariaDB from
// 11.4 on, when the certificate is self-signed) need one of an authority.
//
// # Late binding
//
// A client without a database is asked for its password by
// caching_sha2_password's full authentication, which is OK'd without being
// checked. COM_PING, SET, SELECT of system variables and a few functions, SHOW
// WARNINGS, COM_SET_OPTION, COM_RESET_CONNECTION, COM_STATISTICS are answered;
// COM_INIT_DB and USE route. The codec then logs in to the backend with the
// password, repeats what was SET, selects the database and relays; the
// backend's answer to the selection is the client's. A wrong password, or a
// SET the backend refuses, is answered with the backend's own ERR, and the
// session ends. KILL routes too, see below. Everything else is answered with
// error 1046. The first database decides: to leave its backend a client has to
// connect anew.
//
// It takes a client that knows caching_sha2_password, and without TLS one that
// fetches the server's key. As tried, or as documented where marked *:
//
//	                               TLS    without TLS
//	mariadb, Connector/C, MySQLdb  yes    yes
//	go-sql-driver/mysql            yes    yes
//	mysql2 (npm)                   yes    yes
//	mariadb (npm)                  yes    with allowPublicKeyRetrieval
//	PyMySQL                        yes    with Python's cryptography
//	mysql, libmysqlclient *        yes    with --get-server-public-key
//	Connector/J *                  yes    with allowPublicKeyRetrieval
//	mysql (npm)                    no     no: it has mysql_native_password only
//
// and an account with mysql_native_password, caching_sha2_password,
// sha256_password or, if the backend's leg is TLS, mysql_clear_password. Others
// need a proof only the client can give.
//
// # KILL
//
// The connection id of the greeting is ours, since the backend isn't known yet;
// SELECT CONNECTION_ID() of a client that has a backend yields the backend's own.
// Command line clients stop a statement (Ctrl-C) by connecting anew without a
// database and sending KILL QUERY with the id they were greeted with. So each
// session registers its id together with the backend's when it is logged in
// (Step.Key and KeyData), and a client bound late that sends KILL [HARD | SOFT]
// [CONNECTION | QUERY] with an id, or COM_PROCESS_KILL, is routed to that
// session's backend (RouteKey) and logged in there with its own password. The
// backend is sent the KILL with its own id, decides whether that user may, and
// its answer ends the client's session. An id that isn't known is answered with
// error 1094.
//
// The KILL of a client that has a backend passes as it is. With an id that SELECT
// CONNECTION_ID() has told there it works. With the id of a greeting it means
// nobody: ours have the highest bit set, which those of MySQL and MariaDB don't
// get to. That is also why Ctrl-C stops nothing where the user, an attribute or
// the server name is the resource: the second connection is routed as the first
// was, and its KILL passes.
//
// # Limits
//
// COM_CHANGE_USER passes, but drivers that compute its answer from the nonce of
// the greeting instead of the last one they were given are denied access. (Tried
// and fine: MySQLdb, mysql2, and mariadb of npm, which refuses to send it to a
// server whose version isn't MariaDB's.) Clients without PluginAuth can't be told
// of another nonce by the protocol; they are asked for mysql_native_password
// nevertheless, which mysql (npm) understands.
package mysql
