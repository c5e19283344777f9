package mysql

// Capabilities is a set of the protocol's capability flags. (MySQL's
// include/mysql/mysql_com.h and MariaDB's include/mysql_com.h.)
type Capabilities uint32

// The capability flags. Those without a comment change nothing about the
// packets.
const (
	LongPassword Capabilities = 1 << iota // a MariaDB server leaves it out to announce flags of its own
	FoundRows
	LongFlag
	ConnectWithDB // the handshake response has a database
	NoSchema
	Compress // packets are compressed with zlib after the login
	ODBC
	LocalFiles
	IgnoreSpace
	Protocol41 // everything this package knows
	Interactive
	SSL // the leg turns to TLS
	IgnoreSigpipe
	Transactions     // OK packets have status flags
	Reserved         // was Protocol41 once
	SecureConnection // answers have a length of one byte
	MultiStatements
	MultiResults        // a statement may have several results
	PSMultiResults      // a prepared one as well
	PluginAuth          // the authentication method has a name
	ConnectAttrs        // the handshake response has attributes
	PluginAuthLenEnc    // answers have an encoded length
	ExpiredPasswords    // the client can change an expired password
	SessionTrack        // OK packets tell changes of the session's state
	DeprecateEOF        // OK packets end results instead of EOF packets
	OptionalMetadata    // results may lack their columns
	Zstd                // packets are compressed with zstd after the login
	QueryAttributes     // statements have attributes
	MultiFactor         // more than one authentication method in turn
	Progress            // MariaDB's progress reports
	SSLVerifyServerCert // never sent
	RememberOptions     // never sent
)

// DefaultCapabilities is what clients are offered unless Options say
// otherwise: what the packets of every MySQL from 5.7 and MariaDB from 10.2 on
// can do. Left out are what MariaDB lacks (query attributes, optional
// metadata), and compression, which only costs time next to a backend.
const DefaultCapabilities = LongPassword | FoundRows | LongFlag | ConnectWithDB | NoSchema | ODBC | LocalFiles |
	IgnoreSpace | Protocol41 | Interactive | IgnoreSigpipe | Transactions | Reserved | SecureConnection |
	MultiStatements | MultiResults | PSMultiResults | PluginAuth | ConnectAttrs | PluginAuthLenEnc |
	ExpiredPasswords | SessionTrack | DeprecateEOF | MultiFactor

// indispensable is what a client is offered whatever the options say: without
// it there is no login.
const indispensable = Protocol41 | SecureConnection | PluginAuth | ConnectWithDB | Transactions

// framing is the flags that change what packets look like after the login. A
// backend that lacks one the client has can't be relayed to.
const framing = Protocol41 | SecureConnection | Transactions | MultiResults | PSMultiResults | PluginAuth |
	ConnectAttrs | PluginAuthLenEnc | SessionTrack | DeprecateEOF | OptionalMetadata | QueryAttributes | compression

// compression is the flags that compress a session.
const compression = Compress | Zstd

// ofLeg is the flags that concern one leg's handshake only.
const ofLeg = SSL | ConnectWithDB

// has says that every flag of all is set.
func (c Capabilities) has(all Capabilities) bool { return c&all == all }

// missing returns the flags the client uses that the backend can't be relayed
// to without.
func missing(client, backend Capabilities) Capabilities { return client & framing &^ backend }

// forBackend returns the flags that make the backend's leg speak as the
// client's does. Of those that change no packet the backend may lack some, as
// it may when clients connect to it directly. The first flag stays as the
// client has it: without it a MariaDB server would look for flags of its own.
func forBackend(client, backend Capabilities) Capabilities {
	return client &^ ofLeg & (backend | LongPassword)
}
