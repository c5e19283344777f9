// Tries what node-postgres can do and prints which cluster and database it got
// to.
//
//     node exercise.js URL
'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { Client, Pool } = require('pg');

const url = process.argv[2];
const whoami = "select current_setting('cluster_name') || '/' || current_database() as who";

async function transactions(client) {
  await client.query('create temp table t (n int)');
  await client.query('begin');
  await client.query('insert into t select generate_series(1, 100)');
  await client.query('rollback');
  const { rows } = await client.query('select count(*)::int as n from t');
  assert.strictEqual(rows[0].n, 0);
}

async function prepared(client) {
  for (let n = 0; n < 100; n++) {
    const { rows } = await client.query({ name: 'double', text: 'select $1::int * 2 as n', values: [n] });
    assert.strictEqual(rows[0].n, 2 * n);
  }
}

async function largeValue(client) {
  const value = Buffer.alloc(2 << 20, 'proxy');
  const { rows } = await client.query('select $1::bytea as b', [value]);
  assert.ok(value.equals(rows[0].b));
}

async function error(client) {
  await assert.rejects(client.query('select 1/0'), { code: '22012' });
}

async function notification(client) {
  await client.query('listen exercise');
  const heard = once(client, 'notification');
  await client.query("notify exercise, 'heard'");
  assert.strictEqual((await heard)[0].payload, 'heard');
}

async function pool() {
  const sessions = new Pool({ connectionString: url, max: 10 });
  const asked = Array.from({ length: 100 }, () => sessions.query(whoami));
  const answers = new Set((await Promise.all(asked)).map(({ rows }) => rows[0].who));
  await sessions.end();
  assert.strictEqual(answers.size, 1);
  return [...answers][0];
}

async function main() {
  const client = new Client(url);
  await client.connect();
  await transactions(client);
  await prepared(client);
  await largeValue(client);
  await error(client);
  await notification(client);
  await client.end();
  console.log(await pool());
}

main().catch((err) => {
  console.error(err);
  process.exit(1);
});
