// Sends messages of all sizes to a WebSocket that echoes, so many bytes in all,
// and checks what comes back.
'use strict';
const assert = require('assert');
const { randomBytes } = require('crypto');
const WebSocket = require('ws');

const [address, host, total] = process.argv.slice(2);
const socket = new WebSocket(`ws://${address}/`, { headers: { Host: host }, perMessageDeflate: false });
const large = randomBytes(1 << 20);
const messages = [Buffer.alloc(0), ...[1, 125, 126, 65535, 65536].map((n) => large.subarray(0, n))];
for (let sent = 0; sent < Number(total); sent += large.length) messages.push(large);

let received = 0;
socket.on('open', () => messages.forEach((message) => socket.send(message)));
socket.on('message', (data, isBinary) => {
  assert.ok(isBinary && data.equals(messages[received++]), `message ${received} isn't as sent`);
  if (received === messages.length) socket.close(4000, 'thanks');
});
socket.on('error', (error) => { throw error; });
socket.on('close', (code, reason) => {
  assert.strictEqual(received, messages.length);
  assert.strictEqual(`${code} ${reason}`, '4000 thanks');
});
