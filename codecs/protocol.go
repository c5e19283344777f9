package codecs

import "fmt"

// Protocol is a protocol by which the engine finds a client's resource. Its
// zero value is none of them, so that a forgotten field isn't taken for HTTP.
type Protocol uint8

// The protocols. String gives the name settings, metrics and resolvers use.
const (
	HTTP Protocol = iota + 1
	SMTP
	// TCP parses nothing: every client of a listener has the same resource.
	TCP
	PostgreSQL
	MySQL
	MongoDB
	Redis
	Memcached
	Kafka
	// AMQP is AMQP 0-9-1.
	AMQP
	// ClickHouse is ClickHouse's native protocol, not its HTTP interface.
	ClickHouse
	// Cassandra is CQL's binary protocol.
	Cassandra
	NATS
	// MSSQL is TDS.
	MSSQL
	// Oracle is TNS.
	Oracle
	Elasticsearch
	MQTT
	GRPC
	ZooKeeper
	Etcd
	// Neo4j is Bolt.
	Neo4j
	// Couchbase is the key-value service's binary protocol.
	Couchbase
	CockroachDB
	TiDB
	Pulsar
	FTP
	LDAP
	RethinkDB

	protocols
)

var protocolTable = [protocols]struct {
	name string
	port uint16
}{
	HTTP:          {"http", 80},
	SMTP:          {"smtp", 25},
	TCP:           {"tcp", 0},
	PostgreSQL:    {"postgresql", 5432},
	MySQL:         {"mysql", 3306},
	MongoDB:       {"mongodb", 27017},
	Redis:         {"redis", 6379},
	Memcached:     {"memcached", 11211},
	Kafka:         {"kafka", 9092},
	AMQP:          {"amqp", 5672},
	ClickHouse:    {"clickhouse", 9000},
	Cassandra:     {"cassandra", 9042},
	NATS:          {"nats", 4222},
	MSSQL:         {"mssql", 1433},
	Oracle:        {"oracle", 1521},
	Elasticsearch: {"elasticsearch", 9200},
	MQTT:          {"mqtt", 1883},
	GRPC:          {"grpc", 50051},
	ZooKeeper:     {"zookeeper", 2181},
	Etcd:          {"etcd", 2379},
	Neo4j:         {"neo4j", 7687},
	Couchbase:     {"couchbase", 11210},
	CockroachDB:   {"cockroachdb", 26257},
	TiDB:          {"tidb", 4000},
	Pulsar:        {"pulsar", 6650},
	FTP:           {"ftp", 21},
	LDAP:          {"ldap", 389},
	RethinkDB:     {"rethinkdb", 28015},
}

// Protocols returns every protocol, in the order of the constants. The slice
// is the caller's.
func Protocols() []Protocol {
	all := make([]Protocol, 0, protocols-1)
	for p := HTTP; p < protocols; p++ {
		all = append(all, p)
	}
	return all
}

// ParseProtocol returns the protocol of exactly that name (see String).
func ParseProtocol(name string) (Protocol, error) {
	for p := HTTP; p < protocols; p++ {
		if protocolTable[p].name == name {
			return p, nil
		}
	}
	return 0, fmt.Errorf("unknown protocol %q", name)
}

// String returns the protocol's name in lower case, "unknown" for none.
func (p Protocol) String() string {
	if p.valid() {
		return protocolTable[p].name
	}
	return "unknown"
}

// DefaultPort returns the port the protocol's servers listen on without TLS:
// the registered one, or the usual one where none is registered. It is 0 for
// TCP, which has none.
func (p Protocol) DefaultPort() uint16 {
	if p.valid() {
		return protocolTable[p].port
	}
	return 0
}

func (p Protocol) valid() bool { return p > 0 && p < protocols }
