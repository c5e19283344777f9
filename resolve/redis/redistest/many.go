package redistest

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Master is the name StartSentinel's sentinel knows the server by.
const Master = "routes"

// StartSentinel runs a sentinel that watches servers, of which the first is the
// master, and takes it for down after half a second of silence.
func StartSentinel(t testing.TB, master *Server) *Server {
	t.Helper()
	dir := t.TempDir()
	host, port, err := net.SplitHostPort(master.Address)
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "sentinel.conf") // a sentinel writes into it
	lines := []string{
		"sentinel monitor " + Master + " " + host + " " + port + " 1",
		"sentinel down-after-milliseconds " + Master + " 500",
		"sentinel failover-timeout " + Master + " 5000",
	}
	if err := os.WriteFile(config, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		address := net.JoinHostPort("127.0.0.1", freePort(t))
		s := newServer(t, nil)
		s.Address = address
		_, own, _ := net.SplitHostPort(address)
		s.args = []string{config, "--sentinel", "--port", own, "--bind", "127.0.0.1", "--dir", dir, "--unixsocket", s.Socket}
		if s.run() == nil {
			return s
		}
		s.Kill()
	}
	t.Fatal("no sentinel gets a free port")
	return nil
}

// StartCluster runs a cluster of three nodes, each with a third of the keys.
func StartCluster(t testing.TB) []*Server {
	t.Helper()
	nodes := make([]*Server, 3)
	create := []string{"--cluster", "create"}
	for i := range nodes {
		// The port of the nodes among themselves would be 10,000 higher, which
		// may be no port.
		nodes[i] = StartTCP(t, "--cluster-enabled", "yes", "--cluster-port", freePort(t))
		create = append(create, nodes[i].Address)
	}
	out, err := exec.Command("redis-cli", append(create, "--cluster-replicas", "0", "--cluster-yes")...).CombinedOutput()
	if err != nil {
		t.Fatalf("redis-cli: %v\n%s", err, out)
	}
	for _, node := range nodes {
		node.awaitCluster()
	}
	return nodes
}

// awaitCluster waits until a node takes the cluster for complete: redis-cli only
// waits until it knows all nodes.
func (s *Server) awaitCluster() {
	s.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(startTime)
	for !strings.Contains(s.Do("CLUSTER", "INFO"), "cluster_state:ok") {
		select {
		case <-tick.C:
		case <-late:
			s.t.Fatal("the cluster isn't complete")
		}
	}
}
