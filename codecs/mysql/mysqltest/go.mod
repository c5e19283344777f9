// Real servers and clients for codecs/mysql. A module of its own, so that
// neither the engine nor those who embed it need them: go-mysql for a server
// with caching_sha2_password and sha256_password, go-sql-driver/mysql for the
// client most Go programs have.
module github.com/proxy-engine/proxy-engine/codecs/mysql/mysqltest

go 1.26.0

require (
	github.com/go-sql-driver/mysql v1.10.1
	github.com/proxy-engine/proxy-engine v0.0.0
	go.uber.org/goleak v1.3.0
)

require (
	github.com/andybalholm/brotli v1.2.0 // indirect
	github.com/fsnotify/fsnotify v1.10.1 // indirect
	github.com/goccy/go-json v0.10.2 // indirect
	github.com/goccy/go-yaml v1.19.2 // indirect
	github.com/google/uuid v1.3.0 // indirect
	github.com/klauspost/compress v1.18.0 // indirect
	github.com/panjf2000/gnet/v2 v2.10.0 // indirect
	github.com/pingcap/errors v0.11.5-0.20250318082626-8f80e5cb09ec // indirect
	github.com/pingcap/log v1.1.1-0.20241212030209-7e3ff8601a2a // indirect
	github.com/pingcap/tidb/pkg/parser v0.0.0-20250421232622-526b2c79173d // indirect
	github.com/pires/go-proxyproto v0.12.0 // indirect
	github.com/shopspring/decimal v1.2.0 // indirect
	github.com/valyala/bytebufferpool v1.0.0 // indirect
	github.com/valyala/fasthttp v1.65.0 // indirect
	go.uber.org/atomic v1.11.0 // indirect
	go.uber.org/multierr v1.11.0 // indirect
	go.uber.org/zap v1.28.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/text v0.41.0 // indirect
	gopkg.in/natefinch/lumberjack.v2 v2.2.1 // indirect
)

require (
	filippo.io/edwards25519 v1.2.0 // indirect
	github.com/go-mysql-org/go-mysql v1.13.0
)

replace github.com/proxy-engine/proxy-engine => ../../..
