// Sends requests with Node's own client and checks the answers.
'use strict';
const assert = require('assert');
const http = require('http');

const [address, host] = process.argv.slice(2);
const [hostname, port] = address.split(':');
const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });

function ask(number) {
  return new Promise((resolve, reject) => {
    const body = `body ${number} `.repeat(number);
    const chunked = number % 2 === 1;
    const headers = { Host: host, ...(chunked ? {} : { 'Content-Length': body.length }) };
    const req = http.request({ hostname, port, agent, method: 'POST', path: `/seen?${number}`, headers }, (res) => {
      const chunks = [];
      res.on('data', (chunk) => chunks.push(chunk));
      res.on('error', reject);
      res.on('end', () => {
        const seen = JSON.parse(Buffer.concat(chunks));
        assert.strictEqual(res.statusCode, 200);
        assert.strictEqual(seen.target, `/seen?${number}`);
        assert.strictEqual(seen.body, body);
        resolve();
      });
    });
    req.on('error', reject);
    if (chunked) req.write(body.slice(0, number));
    req.end(chunked ? body.slice(number) : body);
  });
}

Promise.all(Array.from({ length: 400 }, (_, number) => ask(number))).then(() => agent.destroy());
