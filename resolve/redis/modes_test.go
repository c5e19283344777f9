package redis

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/resolve/redis/redistest"
)

// openURL is open for a URL.
func openURL(t *testing.T, raw string) *instance {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	o, err := ParseURL(u)
	if err != nil {
		t.Fatal(err)
	}
	o.ActivityInterval, o.Timeout = 10*time.Millisecond, 5*time.Second
	return open(t, o)
}

// certificate writes a certificate of 127.0.0.1, signed by itself, and its key.
func certificate(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "redis"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Unix(0, 0), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

// TestTLS: with the CA named and the password, answers and push come encrypted;
// with a CA that isn't trusted nothing is sent.
func TestTLS(t *testing.T) {
	cert, key := certificate(t)
	s := redistest.StartTLS(t, cert, key, cert, "--requirepass", "s3cret")
	i := openURL(t, "rediss://:s3cret@"+s.Address+"?ca="+cert)
	i.wantKind(t, "orders", resolve.NotFound)
	c := tcp(t, rueidis.ClientOption{InitAddress: []string{s.Address}, Password: "s3cret", TLSConfig: i.o.TLS})
	redistest.Do(t, c, "HSET", "proxy:route:postgresql:orders", "endpoint", here)
	i.wantTold(t, "orders")
	i.wantEndpoint(t, "orders", here)
	openURL(t, "rediss://:s3cret@"+s.Address).wantKind(t, "orders", resolve.Unavailable)
}

// TestClientCertificate: a server that wants one is shown it, one that was renewed
// since too.
func TestClientCertificate(t *testing.T) {
	cert, key := certificate(t)
	s := redistest.StartTLS(t, cert, key, cert, "--tls-auth-clients", "yes")
	server := "rediss://" + s.Address + "?ca=" + cert
	openURL(t, server).wantKind(t, "orders", resolve.Unavailable)
	openURL(t, server+"&cert="+cert+"&cert_key="+key).wantKind(t, "orders", resolve.NotFound)

	own, ownKey := certificate(t) // which the server doesn't know
	i := openURL(t, server+"&cert="+own+"&cert_key="+ownKey)
	i.wantKind(t, "orders", resolve.Unavailable)
	for from, to := range map[string]string{cert: own, key: ownKey} {
		text, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(to, text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	until(t, "the renewed certificate is shown", func() bool {
		_, err := i.Resolver.Resolve(t.Context(), resolve.Request{Protocol: "postgresql", Resource: "orders"})
		return resolve.KindOf(err) == resolve.NotFound
	})
}

// TestSentinel: the master is found, and its successor when it dies.
func TestSentinel(t *testing.T) {
	master := redistest.StartTCP(t)
	host, port, err := net.SplitHostPort(master.Address)
	if err != nil {
		t.Fatal(err)
	}
	replica := redistest.StartTCP(t, "--replicaof", host+" "+port, "--repl-diskless-sync-delay", "0")
	sentinel := redistest.StartSentinel(t, master)
	i := openURL(t, "redis+sentinel://"+sentinel.Address+"/"+redistest.Master)
	put(master, "orders", "endpoint", here)
	i.wantEndpoint(t, "orders", here)
	put(master, "orders", "endpoint", there)
	i.wantTold(t, "orders")
	i.wantEndpoint(t, "orders", there)
	until(t, "the replica has it, and the sentinel the replica", func() bool {
		return replica.Do("HGET", "proxy:route:postgresql:orders", "endpoint") == there &&
			sentinel.Do("SENTINEL", "REPLICAS", redistest.Master) != ""
	})
	master.Kill()
	i.wantEndpoint(t, "orders", there)
	until(t, "the replica is master", func() bool { return isMaster(replica) })
	// Its connections end when it becomes master, which takes a moment: what fails
	// or is lost by that is tried again, or told as doubt.
	for _, place := range []string{here, there} {
		until(t, "written", func() bool {
			_, err := replica.Try("HSET", "proxy:route:postgresql:orders", "endpoint", place)
			return err == nil
		})
		until(t, "seen", func() bool { return i.endpoint(t, "orders") == place })
	}
}

// isMaster asks a server that ends its connections when it becomes master.
func isMaster(s *redistest.Server) bool {
	role, err := s.Try("ROLE")
	return err == nil && strings.HasPrefix(role, "master")
}

// TestCluster: keys of all nodes are found and watched, counted and purged, and
// when one node is away the others' still are.
func TestCluster(t *testing.T) {
	nodes := redistest.StartCluster(t)
	i := openURL(t, "redis+cluster://"+nodes[0].Address+"?host="+nodes[1].Address)
	c := tcp(t, rueidis.ClientOption{InitAddress: []string{nodes[0].Address}})
	names := []string{"a", "b", "c", "d", "e", "f"}
	key := func(name string) string { return "proxy:route:postgresql:" + name }
	for _, name := range names {
		i.wantKind(t, name, resolve.NotFound)
		redistest.Do(t, c, "HSET", key(name), "endpoint", here)
		i.wantTold(t, name)
		i.wantEndpoint(t, name, here)
		i.OnConnect(request(name), resolve.Result{})
		until(t, name+" is counted", func() bool {
			return redistest.Do(t, c, "HGET", "proxy:activity:postgresql:"+name, "sessions") == "1"
		})
	}
	nodes[2].Do("PUBLISH", DefaultPurgeChannel, "a")
	i.wantTold(t, "a")

	drain(i.doubts)
	nodes[2].Kill()
	<-i.doubts
	for _, name := range names {
		i.wantEndpoint(t, name, here) // some from their node, some stale
	}
}
