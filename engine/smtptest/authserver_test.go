package smtptest

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
)

// authSocketVariable has this test binary check passwords at the socket it
// names, until its input ends: Postfix's processes keep their connections for
// as long as they live, which would look like leaks of the tests.
const authSocketVariable = "SMTPTEST_AUTH_SOCKET"

// authServer checks passwords for Postfix, in the protocol of Dovecot's: every
// user's is "secret".
type authServer struct{ cmd *exec.Cmd }

// startAuth returns when the socket is there.
func startAuth(path string) (*authServer, error) {
	a := &authServer{exec.Command(os.Args[0])}
	a.cmd.Env = append(os.Environ(), authSocketVariable+"="+path)
	a.cmd.Stderr = os.Stderr
	stdout, err := a.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if _, err = a.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := a.cmd.Start(); err != nil {
		return nil, err
	}
	_, err = bufio.NewReader(stdout).ReadString('\n')
	return a, err
}

func (a *authServer) stop() {
	_ = a.cmd.Process.Kill() // it may have ended
	_ = a.cmd.Wait()
}

// serveAuth is the process.
func serveAuth(path string) error {
	listener, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	if err := os.Chmod(path, 0o666); err != nil {
		return err
	}
	go func() {
		_, _ = os.Stdin.Read(make([]byte, 1)) // whose end is that of the tests
		os.Exit(0)
	}()
	fmt.Println("ready")
	for {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		go converse(conn)
	}
}

// converse serves one of Postfix's processes.
func converse(conn net.Conn) {
	defer conn.Close()
	fmt.Fprint(conn, "VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nMECH\tLOGIN\tplaintext\n"+
		"SPID\t1\nCUID\t1\nCOOKIE\t00000000000000000000000000000000\nDONE\n")
	users := map[string]string{} // of LOGIN, by request
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		f := strings.Split(lines.Text(), "\t")
		if len(f) < 3 || f[0] != "AUTH" && f[0] != "CONT" {
			continue
		}
		fmt.Fprintln(conn, judgeAuth(users, f))
	}
}

// judgeAuth answers one request.
func judgeAuth(users map[string]string, f []string) string {
	id, response := f[1], decode(f)
	user, known := users[id]
	switch {
	case f[0] == "AUTH" && f[2] == "PLAIN":
		parts := strings.Split(response, "\x00")
		return verdictOn(id, parts[1], parts[2])
	case f[0] == "AUTH" && response == "":
		return "CONT\t" + id + "\tVXNlcm5hbWU6"
	case !known:
		users[id] = response
		return "CONT\t" + id + "\tUGFzc3dvcmQ6"
	default:
		delete(users, id)
		return verdictOn(id, user, response)
	}
}

func decode(f []string) string {
	last := f[len(f)-1]
	if f[0] == "AUTH" {
		var has bool
		if last, has = strings.CutPrefix(last, "resp="); !has {
			return ""
		}
	}
	text, _ := base64.StdEncoding.DecodeString(last)
	return string(text)
}

func verdictOn(id, user, password string) string {
	if password != "secret" {
		return "FAIL\t" + id + "\tuser=" + user
	}
	return "OK\t" + id + "\tuser=" + user
}
