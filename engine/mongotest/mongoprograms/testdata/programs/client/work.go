package main

import (
	"cmp"
	"context"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"golang.org/x/sync/errgroup"
)

func (c *client) work(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience+time.Duration(c.job.Beats)*heartbeat)
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
	if c.job.Beats > 0 {
		<-c.beaten
	}
	if c.job.Another == "" {
		return nil
	}
	_, err := c.Database(c.job.Another).Collection("things").InsertOne(ctx, bson.D{{Key: "n", Value: 0}})
	return err
}

const (
	// patience is how long a job may take, but for its heartbeats.
	patience = 2 * time.Minute
	// heartbeat is the longest time between two of them: the default.
	heartbeat = 10 * time.Second
)

func (c *client) insert(ctx context.Context, things *mongo.Collection) error {
	documents := make([]any, c.job.Count)
	pad := strings.Repeat("x", cmp.Or(c.job.Size, 1000))
	for i := range documents {
		documents[i] = bson.D{{Key: "n", Value: i}, {Key: "pad", Value: pad}}
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

// crowd has all workers at work at once. The first that fails ends the others.
func (c *client) crowd(ctx context.Context, things *mongo.Collection) error {
	working, ctx := errgroup.WithContext(ctx)
	for range c.job.Workers {
		working.Go(func() error { return c.writeAndRead(ctx, things) })
	}
	return working.Wait()
}

func (c *client) writeAndRead(ctx context.Context, things *mongo.Collection) error {
	own := bson.D{{Key: "_id", Value: bson.NewObjectID()}}
	if _, err := things.InsertOne(ctx, own); err != nil {
		return err
	}
	for again := true; again; again = c.awaits() {
		if err := things.FindOne(ctx, own).Err(); err != nil {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Worked++
	return nil
}

// awaits says that the workers must go on.
func (c *client) awaits() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.beats < c.job.Beats || c.busiest < c.job.Workers
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
