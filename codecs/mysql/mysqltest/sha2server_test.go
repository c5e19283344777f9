package mysqltest

import (
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/server"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/mysql"
)

const userSHA2 = "sha2"

// sha2Capabilities is what go-mysql's server is capable of, of what clients
// would otherwise be offered.
const sha2Capabilities = mysql.DefaultCapabilities &^ (mysql.DeprecateEOF | mysql.SessionTrack |
	mysql.MultiResults | mysql.PSMultiResults)

// sha2Server is a server of go-mysql's whose accounts have the method given.
// It knows no password until it has seen it, as MySQL's.
type sha2Server struct {
	t        testing.TB
	listener net.Listener
	conf     *server.Server
	running  sync.WaitGroup
}

func startSHA2(t testing.TB, method string) *sha2Server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{Certificates: serverTLS().Certificates}
	s := &sha2Server{t: t, listener: listener}
	s.conf = server.NewServer("8.0.40-go", gomysql.DEFAULT_COLLATION_ID, method, publicKeyPEM(), config)
	s.running.Go(s.accept)
	t.Cleanup(func() {
		listener.Close()
		s.running.Wait()
	})
	return s
}

func (s *sha2Server) backend(policy codecs.TLSPolicy) backend {
	return backend{network: "tcp", address: s.listener.Addr().String(), target: codecs.Target{TLS: policy}}
}

func (s *sha2Server) accept() {
	for {
		conn, err := s.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			s.t.Error(err)
			return
		}
		s.running.Go(func() { s.serve(conn) })
	}
}

func (s *sha2Server) serve(conn net.Conn) {
	defer conn.Close()
	c, err := s.conf.NewCustomizedConn(conn, credentials{}, handler{})
	if err != nil {
		s.t.Logf("go-mysql: %v", err)
		return
	}
	for c.HandleCommand() == nil {
	}
}

// credentials has one account. That it isn't go-mysql's InMemoryProvider is
// what makes the server ask for full authentication first.
type credentials struct{}

func (credentials) CheckUsername(name string) (bool, error) { return name == userSHA2, nil }

func (credentials) GetCredential(name string) (string, bool, error) {
	return password, name == userSHA2, nil
}

// handler answers every query with the server's name.
type handler struct{ server.EmptyHandler }

func (handler) UseDB(string) error { return nil }

func (handler) HandleQuery(query string) (*gomysql.Result, error) {
	if !strings.HasPrefix(query, "select") {
		return nil, nil
	}
	set, err := gomysql.BuildSimpleTextResultset([]string{"name"}, [][]any{{"go-mysql"}})
	return &gomysql.Result{Resultset: set}, err
}
