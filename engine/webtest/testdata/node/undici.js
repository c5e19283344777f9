// Sends requests with undici, ten at once on one connection, and checks that
// each is given its own answer.
'use strict';
const assert = require('assert');
const { Client } = require('undici');

const [address, host] = process.argv.slice(2);
const client = new Client(`http://${address}`, { pipelining: 10 });

async function ask(number) {
  const path = number % 3 === 0 ? '/chunked' : `/seen?${number}`;
  const { statusCode, body } = await client.request({ path, method: 'GET', headers: { host } });
  const text = await body.text();
  assert.strictEqual(statusCode, 200);
  if (number % 3 === 0) assert.ok(text.endsWith('line 99\n'));
  else assert.strictEqual(JSON.parse(text).target, path);
}

Promise.all(Array.from({ length: 300 }, (_, number) => ask(number))).then(() => client.close());
