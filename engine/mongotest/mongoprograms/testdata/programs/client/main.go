// Command client works with a database through the Go driver; the programs
// beside it do the same with other drivers. Its argument is a job, it prints a
// report, both a line of JSON (package mongoprograms says what is in them).
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

type job struct {
	URI       string `json:"uri"`
	Database  string `json:"database"`
	Count     int    `json:"count"`
	Batch     int    `json:"batch"`
	Another   string `json:"another"`
	Workers   int    `json:"workers"`
	Beats     int    `json:"beats"`
	ResolveTo string `json:"resolveTo"`
	Again     bool   `json:"again"`
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
	Code      int32  `json:"code,omitempty"`
	Error     string `json:"error,omitempty"`
}

func main() {
	var j job
	if err := json.Unmarshal([]byte(os.Args[1]), &j); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	ctx := context.Background()
	c, err := connect(&j)
	if err == nil {
		defer c.Disconnect(ctx)
		err = c.work(ctx)
	}
	c.print(err)
	for in := bufio.NewScanner(os.Stdin); j.Again && in.Scan(); {
		c.print(c.ask(ctx))
	}
}

// client is the driver with what is watched of it.
type client struct {
	*mongo.Client
	job   *job
	beats chan bool

	mu sync.Mutex // guards what follows
	report
}

func connect(j *job) (*client, error) {
	c := &client{job: j, beats: make(chan bool, 10_000)}
	o := options.Client().ApplyURI(j.URI).SetServerMonitor(&event.ServerMonitor{
		ServerHeartbeatSucceeded: func(*event.ServerHeartbeatSucceededEvent) { c.beats <- true },
		ServerDescriptionChanged: c.changed,
	}).SetMonitor(&event.CommandMonitor{Started: c.started})
	if j.ResolveTo != "" {
		o.SetDialer(dialer(j.ResolveTo))
	}
	var err error
	c.Client, err = mongo.Connect(o)
	return c, err
}

// dialer connects to one address whatever the host.
type dialer string

func (d dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	var plain net.Dialer
	return plain.DialContext(ctx, network, net.JoinHostPort(string(d), port))
}

// changed counts the changes of a server that was known.
func (c *client) changed(e *event.ServerDescriptionChangedEvent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.PreviousDescription.Kind != "Unknown" {
		c.Changes++
	}
}

func (c *client) started(_ context.Context, e *event.CommandStartedEvent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := e.Command.LookupErr("txnNumber"); err == nil {
		c.Retryable = true
	}
}

func (c *client) print(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Error, c.Code = "", 0
	if err != nil {
		c.Error = err.Error()
		if command := (mongo.CommandError{}); errors.As(err, &command) {
			c.Code = command.Code
		}
	}
	line, _ := json.Marshal(&c.report)
	fmt.Println(string(line))
}

func (c *client) work(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute+time.Duration(c.job.Beats)*time.Second)
	defer cancel()
	things := c.Database(c.job.Database).Collection("things")
	for _, step := range []func(context.Context, *mongo.Collection) error{c.insert, c.find, c.update, c.crowd} {
		if err := step(ctx, things); err != nil {
			return err
		}
	}
	if err := c.ask(ctx); err != nil {
		return err
	}
	for range c.job.Beats {
		<-c.beats
	}
	if c.job.Another == "" {
		return nil
	}
	_, err := c.Database(c.job.Another).Collection("things").InsertOne(ctx, bson.D{{Key: "n", Value: 0}})
	return err
}

func (c *client) insert(ctx context.Context, things *mongo.Collection) error {
	documents := make([]any, c.job.Count)
	for i := range documents {
		documents[i] = bson.D{{Key: "n", Value: i}, {Key: "pad", Value: strings.Repeat("x", 1000)}}
	}
	_, err := things.InsertMany(ctx, documents)
	return err
}

func (c *client) find(ctx context.Context, things *mongo.Collection) error {
	cursor, err := things.Find(ctx, bson.D{}, options.Find().SetBatchSize(int32(c.job.Batch)))
	if err != nil {
		return err
	}
	for cursor.Next(ctx) {
		c.Found++
	}
	return cursor.Err()
}

func (c *client) update(ctx context.Context, things *mongo.Collection) error {
	updated, err := things.UpdateOne(ctx, bson.D{{Key: "n", Value: 0}}, bson.D{{Key: "$set", Value: bson.D{{Key: "n", Value: -1}}}})
	if err == nil {
		c.Modified = updated.ModifiedCount
	}
	return err
}

// crowd has all workers at work at once.
func (c *client) crowd(ctx context.Context, things *mongo.Collection) error {
	var working sync.WaitGroup
	errs := make([]error, c.job.Workers)
	for i := range errs {
		working.Go(func() { errs[i] = turn(ctx, things, 1_000_000+i) })
	}
	working.Wait()
	for _, err := range errs {
		if err == nil {
			c.Worked++
		}
	}
	return errors.Join(errs...)
}

// turn writes a document and reads it, four times.
func turn(ctx context.Context, things *mongo.Collection, n int) error {
	for i := range 4 {
		own := bson.D{{Key: "n", Value: n}, {Key: "turn", Value: i}}
		if _, err := things.InsertOne(ctx, own); err != nil {
			return err
		}
		if err := things.FindOne(ctx, own).Err(); err != nil {
			return err
		}
	}
	return nil
}

// ask finds out which server the database is at, and how it says hello.
func (c *client) ask(ctx context.Context) error {
	var hello, status bson.M
	db := c.Database(c.job.Database)
	if err := db.RunCommand(ctx, bson.D{{Key: "hello", Value: 1}}).Decode(&hello); err != nil {
		return err
	}
	c.Msg, _ = hello["msg"].(string)
	_, c.Hosts = hello["hosts"]
	err := db.RunCommand(ctx, bson.D{{Key: "serverStatus", Value: 1}}).Decode(&status)
	c.Server, _ = status["pid"].(int64)
	return err
}
