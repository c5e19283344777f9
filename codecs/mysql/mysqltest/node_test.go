package mysqltest

import (
	"fmt"
	"path/filepath"
	"strconv"
	"testing"
)

// The clients of npm. mysql (mysqljs) doesn't say that it knows methods by
// name; what it can't do late binding tells it.
func TestNode(t *testing.T) {
	for _, mix := range mixes {
		p := startProxy(t, lateOptions(), backends(mix.policy))
		for _, test := range []struct{ module, user, database, want string }{
			{"mysql2", userNative, "alpha", "alpha\n"},
			{"mysql2", userNative, "", "beta\n"},
			{"mariadb", userNative, "alpha", "alpha\n"},
			{"mariadb", userEd25519, "gamma", "gamma\n"},
			{"mariadb", userNative, "", "beta\n"},
			{"mysql", userNative, "alpha", "alpha\n"},
		} {
			t.Run(fmt.Sprintf("%d/%s/%s/%s/%s", mix.policy, test.module, mix.client, test.user, test.database), func(t *testing.T) {
				got, err := runProgram(t, "", "node", filepath.Join("testdata", "node", "client.js"),
					test.module, strconv.Itoa(p.port()), test.user, password, test.database, mix.client)
				if err != nil || got != test.want {
					t.Errorf("%s, %v, want %s", got, err, test.want)
				}
			})
		}
	}
}
