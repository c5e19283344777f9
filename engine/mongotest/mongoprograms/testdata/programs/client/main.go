// Command client works with databases through the Go driver; the programs
// beside it do the same with other drivers. Each line of its standard input is a
// job, or says again; for each it prints a report, and it ends with its input.
// Jobs and reports are lines of JSON (package mongoprograms says what is in
// them).
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"log"
	"os"
)

type job struct {
	URI       string `json:"uri"`
	Database  string `json:"database"`
	Count     int    `json:"count"`
	Size      int    `json:"size"`
	Batch     int    `json:"batch"`
	Another   string `json:"another"`
	Workers   int    `json:"workers"`
	Beats     int    `json:"beats"`
	ResolveTo string `json:"resolveTo"`
	Stay      bool   `json:"stay"`

	Tour []string `json:"tour"`
}

type report struct {
	Found     int    `json:"found"`
	Modified  int64  `json:"modified"`
	Worked    int    `json:"worked"`
	Msg       string `json:"msg"`
	Hosts     bool   `json:"hosts"`
	Server    int64  `json:"server"`
	Retryable bool   `json:"retryable"`
	Changes   int    `json:"changes"`
	Toured    string `json:"toured"`
	Code      int32  `json:"code,omitempty"`
	Error     string `json:"error,omitempty"`
}

func main() {
	if err := serve(context.Background()); err != nil {
		log.Fatal(err)
	}
}

// serve does what the lines say.
func serve(ctx context.Context) error {
	out := json.NewEncoder(os.Stdout)
	c := &client{}
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		if in.Text() == "again" {
			if err := out.Encode(c.reported(c.ask(ctx))); err != nil {
				return err
			}
			continue
		}
		c.close(ctx)
		c = &client{}
		if err := json.Unmarshal(in.Bytes(), &c.job); err != nil {
			return err
		}
		told := c.reported(c.do(ctx))
		if !c.job.Stay {
			c.close(ctx)
		}
		if err := out.Encode(told); err != nil {
			return err
		}
	}
	c.close(ctx)
	return nil
}
