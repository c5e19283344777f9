package main

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// tour uses the job's databases by turns.
func (c *client) tour(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, name := range c.job.Tour {
		if err := c.settle(ctx, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return c.readByTurns(ctx)
}

// settle leaves a marker and the job's documents in a database.
func (c *client) settle(ctx context.Context, name string) error {
	db := c.Database(name)
	if _, err := db.Collection("markers").InsertOne(ctx, bson.D{{Key: "of", Value: name}}); err != nil {
		return err
	}
	if err := c.insert(ctx, db.Collection("things")); err != nil {
		return err
	}
	var status bson.M
	if err := db.RunCommand(ctx, bson.D{{Key: "serverStatus", Value: 1}}).Decode(&status); err != nil {
		return err
	}
	c.Toured += fmt.Sprint(" ", status["pid"])
	return nil
}

// readByTurns reads the first database by a cursor, and the markers of all with
// each of its batches.
func (c *client) readByTurns(ctx context.Context) error {
	things := c.Database(c.job.Tour[0]).Collection("things")
	cursor, err := things.Find(ctx, bson.D{}, options.Find().SetBatchSize(int32(c.job.Batch)))
	if err != nil {
		return err
	}
	for cursor.Next(ctx) {
		c.Found++
		if cursor.RemainingBatchLength() > 0 {
			continue
		}
		for _, name := range c.job.Tour {
			if err := c.readMarker(ctx, name); err != nil {
				return err
			}
		}
	}
	return cursor.Err()
}

// readMarker reads a database's only marker.
func (c *client) readMarker(ctx context.Context, name string) error {
	cursor, err := c.Database(name).Collection("markers").Find(ctx, bson.D{})
	if err != nil {
		return err
	}
	var markers []struct{ Of string }
	if err := cursor.All(ctx, &markers); err != nil {
		return err
	}
	if len(markers) != 1 || markers[0].Of != name {
		return fmt.Errorf("the markers of %s are %v", name, markers)
	}
	return nil
}
