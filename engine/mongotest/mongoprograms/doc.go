// Package mongoprograms has what tests of MongoDB need of the world: a real
// server, FerretDB with its SQLite backend, and programs that work through the
// Go driver, the Node driver and PyMongo. The Go programs are built from a module
// of their own, so that this one requires neither; scripts/deps.sh installs the
// rest.
//
//	programs, err := mongoprograms.Build()
//	defer programs.Close()
//	server, err := programs.Start(mongoprograms.ServerOptions{Dir: t.TempDir()})
//	defer server.Stop()
//	report, err := programs.Run(ctx, mongoprograms.Node, mongoprograms.Job{URI: "mongodb://" + server.Address, Database: "shop", Count: 20})
package mongoprograms
