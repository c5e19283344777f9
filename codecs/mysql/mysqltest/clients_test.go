package mysqltest

import (
	"database/sql"
	"errors"
	"fmt"
	"testing"

	driver "github.com/go-sql-driver/mysql"
)

// connect opens a client of go-sql-driver's, whose one connection is closed
// with the test. Late binding is database "".
func (p *proxy) connect(t testing.TB, change func(*driver.Config)) *sql.DB {
	t.Helper()
	config := driver.NewConfig()
	config.Net, config.Addr = "tcp", fmt.Sprintf("127.0.0.1:%d", p.port())
	config.User, config.Passwd, config.DBName = userNative, password, "alpha"
	config.AllowNativePasswords = true
	config.Logger = &driver.NopLogger{}
	config.ReadTimeout, config.WriteTimeout = patience, patience
	change(config)
	connector, err := driver.NewConnector(config)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return db
}

// whoami returns which server answers.
func whoami(t testing.TB, db *sql.DB) string {
	t.Helper()
	var name string
	if err := db.QueryRow("select name from whoami").Scan(&name); err != nil {
		t.Fatal(err)
	}
	return name
}

// do runs a statement that has no result.
func do(db *sql.DB, statement string, values ...any) error {
	_, err := db.Exec(statement, values...)
	return err
}

// number returns a server error's number, 0 for others.
func number(err error) uint16 {
	var e *driver.MySQLError
	if errors.As(err, &e) {
		return e.Number
	}
	return 0
}

// pingBeyondZeros logs in. The driver cuts a nonce of ed25519's that happens to
// end in a zero byte, one of 256, and calls the packet malformed; the next has
// another nonce.
func pingBeyondZeros(db *sql.DB) error {
	err := db.Ping()
	for tries := 1; tries < 8 && errors.Is(err, driver.ErrMalformPkt); tries++ {
		err = db.Ping()
	}
	return err
}
