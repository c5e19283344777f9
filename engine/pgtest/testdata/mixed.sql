-- A session's mixed life: short reads and writes, transactions that are rolled
-- back, results of some hundred KiB, COPY, large values both ways. It leaves
-- the balances of pgbench's tables in order.
\set kind random(1, 100)
\set aid random(1, 100000 * :scale)
\set delta random(-5000, 5000)
\if :kind <= 50
SELECT abalance FROM pgbench_accounts WHERE aid = :aid;
\elif :kind <= 70
BEGIN;
UPDATE pgbench_accounts SET abalance = abalance + :delta WHERE aid = :aid;
SAVEPOINT s;
UPDATE pgbench_accounts SET abalance = 0 WHERE aid = :aid;
ROLLBACK TO SAVEPOINT s;
INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (1, 1, :aid, :delta, CURRENT_TIMESTAMP);
END;
\elif :kind <= 80
SELECT g, repeat(md5(g::text), 8) FROM generate_series(1, 1000) g;
\elif :kind <= 90
SELECT length(repeat(md5(:aid::text), 40000)), repeat(md5(:aid::text), 20000) AS big \gset
SELECT length(':big');
\else
SELECT count(*), sum(abalance) FROM pgbench_accounts WHERE aid BETWEEN :aid AND :aid + 1000;
\endif
