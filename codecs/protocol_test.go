package codecs_test

import (
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// The names are API (settings, metric labels, resolvers see them), so the test
// holds the table a second time.
var protocols = []struct {
	protocol codecs.Protocol
	name     string
	port     uint16
}{
	{codecs.HTTP, "http", 80},
	{codecs.SMTP, "smtp", 25},
	{codecs.TCP, "tcp", 0},
	{codecs.PostgreSQL, "postgresql", 5432},
	{codecs.MySQL, "mysql", 3306},
	{codecs.MongoDB, "mongodb", 27017},
	{codecs.Redis, "redis", 6379},
	{codecs.Memcached, "memcached", 11211},
	{codecs.Kafka, "kafka", 9092},
	{codecs.AMQP, "amqp", 5672},
	{codecs.ClickHouse, "clickhouse", 9000},
	{codecs.Cassandra, "cassandra", 9042},
	{codecs.NATS, "nats", 4222},
	{codecs.MSSQL, "mssql", 1433},
	{codecs.Oracle, "oracle", 1521},
	{codecs.Elasticsearch, "elasticsearch", 9200},
	{codecs.MQTT, "mqtt", 1883},
	{codecs.GRPC, "grpc", 50051},
	{codecs.ZooKeeper, "zookeeper", 2181},
	{codecs.Etcd, "etcd", 2379},
	{codecs.Neo4j, "neo4j", 7687},
	{codecs.Couchbase, "couchbase", 11210},
	{codecs.CockroachDB, "cockroachdb", 26257},
	{codecs.TiDB, "tidb", 4000},
	{codecs.Pulsar, "pulsar", 6650},
	{codecs.FTP, "ftp", 21},
	{codecs.LDAP, "ldap", 389},
	{codecs.RethinkDB, "rethinkdb", 28015},
}

func TestProtocolTable(t *testing.T) {
	all := codecs.Protocols()
	if len(all) != len(protocols) {
		t.Fatalf("Protocols() has %d protocols, want %d", len(all), len(protocols))
	}
	for i, want := range protocols {
		p := all[i]
		if p != want.protocol || p.String() != want.name || p.DefaultPort() != want.port {
			t.Errorf("Protocols()[%d] = %d %q port %d, want %d %q port %d", i,
				p, p, p.DefaultPort(), want.protocol, want.name, want.port)
		}
		if parsed, err := codecs.ParseProtocol(want.name); parsed != p || err != nil {
			t.Errorf("ParseProtocol(%q) = %v, %v", want.name, parsed, err)
		}
	}
}

func TestNoProtocol(t *testing.T) {
	for _, p := range []codecs.Protocol{0, codecs.RethinkDB + 1, 255} {
		if p.String() != "unknown" || p.DefaultPort() != 0 {
			t.Errorf("Protocol(%d) = %q port %d, want unknown port 0", uint8(p), p, p.DefaultPort())
		}
	}
	for _, name := range []string{"", "unknown", "postgres", "PostgreSQL", "tcp "} {
		if p, err := codecs.ParseProtocol(name); err == nil || p != 0 {
			t.Errorf("ParseProtocol(%q) = %v, %v, want an error", name, p, err)
		}
	}
}
