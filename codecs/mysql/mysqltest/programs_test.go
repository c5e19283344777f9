package mysqltest

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/mysql"
)

// runProgram returns what a program says, with input on its standard input.
func runProgram(t testing.TB, input, name string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin = strings.NewReader(input)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

// mariadbCLI runs the command line client.
func (p *proxy) mariadbCLI(t testing.TB, input string, args ...string) (string, error) {
	t.Helper()
	all := []string{"--no-defaults", "--host=127.0.0.1", "--port=" + strconv.Itoa(p.port()), "--batch", "--skip-column-names"}
	return runProgram(t, input, "mariadb", append(all, args...)...)
}

// mixes have each leg with and without TLS, for clients that are slow to start;
// all four combinations are the Go driver's.
var mixes = []struct {
	client string
	policy codecs.TLSPolicy
}{{"tls", codecs.NoTLS}, {"plain", codecs.RequireTLS}}

// sslFlag is how the command line client is told of a mix.
var sslFlag = map[string]string{"tls": "--ssl", "plain": "--skip-ssl"}

func TestCommandLine(t *testing.T) {
	for _, mix := range mixes {
		p := startProxy(t, lateOptions(), backends(mix.policy))
		for _, test := range []struct {
			name, input, want string
			args              []string
		}{
			{"native", "select name from whoami", "beta\n", []string{"-unative", "-p" + password, "-Dbeta"}},
			{"ed25519", "select name from whoami", "gamma\n", []string{"-ued", "-p" + password, "-Dgamma"}},
			{"either", "select name from whoami", "alpha\n", []string{"-ueither", "-p" + password, "-Dalpha"}},
			{"no password", "select name from whoami", "alpha\n", []string{"-uempty", "-Dalpha"}},
			{"late", "select 1;\nuse beta\nselect name from whoami", "1\nbeta\n", []string{"-unative", "-p" + password}},
			{"late, no password", "use beta\nselect name from whoami", "beta\n", []string{"-uempty"}},
			{"two databases of one backend", "use beta\nuse beta_second\nselect database()", "beta_second\n", []string{"-unative", "-p" + password}},
		} {
			t.Run(fmt.Sprintf("%d/%s/%s", mix.policy, mix.client, test.name), func(t *testing.T) {
				got, err := p.mariadbCLI(t, test.input, append(test.args, sslFlag[mix.client])...)
				if err != nil || got != test.want {
					t.Errorf("%q, %v, want %q", got, err, test.want)
				}
			})
		}
	}
}

// TestCommandLineStatus asks for the status without a database and with one.
func TestCommandLineStatus(t *testing.T) {
	p := startProxy(t, lateOptions(), backends(codecs.NoTLS))
	got, err := p.mariadbCLI(t, "status\nuse beta\nstatus\n", "-unative", "-p"+password)
	before, after, _ := strings.Cut(got, "Uptime")
	if err != nil || !strings.Contains(before, mysql.DefaultServerVersion) || !strings.Contains(after, "Uptime") || !strings.Contains(after, "beta") {
		t.Errorf("%s, %v", got, err)
	}
}

// python is Debian's own, which has Debian's modules.
const python = "/usr/bin/python3"

const pythonScript = `
import sys
module, port, user, password, database, tls = sys.argv[1:]
options = dict(host="127.0.0.1", port=int(port), user=user, password=password)
if database: options["database"] = database
if module == "pymysql":
    import pymysql as m
    if tls == "tls": options["ssl"] = {"check_hostname": False, "verify_mode": "none"}
else:
    import MySQLdb as m
    if tls == "tls": options["ssl"] = {"cipher": "DEFAULT"}
c = m.connect(**options)
cursor = c.cursor()
if not database:
    cursor.execute("select 1, @@autocommit")
    assert cursor.fetchall() == ((1, 0),) , "late values"
    c.autocommit(True)
    c.select_db("beta")
cursor.execute("select name, @@autocommit from whoami")
print(cursor.fetchone())
c.close()
`

func TestPython(t *testing.T) {
	for _, mix := range mixes {
		p := startProxy(t, lateOptions(), backends(mix.policy))
		for _, module := range []string{"pymysql", "MySQLdb"} {
			for _, test := range []struct{ user, database, want string }{
				{userNative, "alpha", "('alpha', 0)\n"},
				{userEd25519, "gamma", "('gamma', 0)\n"},
				{userNative, "", "('beta', 1)\n"},
			} {
				t.Run(fmt.Sprintf("%d/%s/%s/%s/%s", mix.policy, module, mix.client, test.user, test.database), func(t *testing.T) {
					got, err := runProgram(t, pythonScript, python, "-", module, strconv.Itoa(p.port()), test.user, password, test.database, mix.client)
					if err != nil || got != test.want {
						t.Errorf("%s, %v, want %s", got, err, test.want)
					}
				})
			}
		}
	}
}
