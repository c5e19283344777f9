package coldtest

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// role is what this program is in a process of its own, whose descriptors and time
// are its own too: 10,000 clients and their proxy have no room in one.
type role struct {
	// Crowd is a protocol: N clients of it at Address, or else a Service there.
	Crowd   string
	N       int
	Address string
}

// roleVariable is the environment variable that holds a role, as JSON.
const roleVariable = "PROXY_ENGINE_COLDTEST_ROLE"

// playRole plays the role this process was started for, if any.
func playRole() (played bool) {
	text := os.Getenv(roleVariable)
	if text == "" {
		return false
	}
	var r role
	err := json.Unmarshal([]byte(text), &r)
	switch {
	case err != nil:
	case r.Crowd != "":
		err = json.NewEncoder(os.Stdout).Encode(r.visit())
	default:
		err = r.serve()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "coldtest:", err)
		os.Exit(1)
	}
	return true
}

// process is one that plays a role. It says what it has to say as JSON, and a
// service ends with its input.
type process struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	says *json.Decoder
}

// launch starts a process, which doesn't outlive this one. It is to be ended.
func launch(r role) (*process, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), roleVariable+"="+string(text))
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &process{cmd, in, json.NewDecoder(out)}, cmd.Start()
}

// end waits for the process's end; into takes its last words, if it isn't nil.
func (p *process) end(into any) error {
	var err error
	_ = p.in.Close()
	if into != nil {
		err = p.says.Decode(into)
	}
	if ended := p.cmd.Wait(); err == nil {
		err = ended
	}
	return err
}
