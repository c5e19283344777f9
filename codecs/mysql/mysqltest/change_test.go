package mysqltest

import (
	"path/filepath"
	"strconv"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
)

const changeScript = `
import sys
import MySQLdb
port, user, password, database, other = sys.argv[1:]
c = MySQLdb.connect(host="127.0.0.1", port=int(port), user=user, password=password, database=database)
cursor = c.cursor()
for name in [other, user]:
    c.change_user(name, password, database)
    cursor.execute("select concat(substring_index(current_user(), '@', 1), '/', name) from whoami")
    print(cursor.fetchone()[0])
c.close()
`

// TestChangeUser sends COM_CHANGE_USER, which is between the client and its
// backend alone. The driver mariadb doesn't do so with a server that calls itself
// MySQL.
func TestChangeUser(t *testing.T) {
	const want = userWeak + "/beta\n" + userNative + "/beta\n"
	o := lateOptions()
	o.ServerVersion = "10.11.0-MariaDB"
	p := startProxy(t, o, backends(codecs.NoTLS))
	arguments := []string{strconv.Itoa(p.port()), userNative, password, "beta", userWeak}
	for name, change := range map[string]func(t *testing.T) (string, error){
		"MySQLdb": func(t *testing.T) (string, error) {
			return runProgram(t, changeScript, python, append([]string{"-"}, arguments...)...)
		},
		"mysql2":  func(t *testing.T) (string, error) { return changeByNode(t, "mysql2", arguments) },
		"mariadb": func(t *testing.T) (string, error) { return changeByNode(t, "mariadb", arguments) },
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := change(t); err != nil || got != want {
				t.Errorf("%s, %v, want %s", got, err, want)
			}
		})
	}
}

func changeByNode(t *testing.T, driver string, arguments []string) (string, error) {
	return runProgram(t, "", "node", append([]string{filepath.Join("testdata", "node", "change.js"), driver}, arguments...)...)
}
