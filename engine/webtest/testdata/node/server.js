// The backend in Node: tells what its parser made of a request, echoes
// WebSocket messages, and has responses of all framings.
'use strict';
const http = require('http');
const { WebSocketServer } = require('ws');

// seen answers with the request as it was understood.
function seen(req, res) {
  const chunks = [];
  req.on('data', (chunk) => chunks.push(chunk));
  req.on('end', () => {
    const answer = JSON.stringify({
      method: req.method,
      target: req.url,
      headers: req.headersDistinct,
      body: Buffer.concat(chunks).toString('latin1'),
      trailers: req.trailersDistinct,
    });
    res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(answer) });
    res.end(answer);
  });
}

// half answers with a part of what it promises, and nothing more.
function half(req, res, headers) {
  res.writeHead(200, headers);
  res.write('x'.repeat(1000));
}

const server = http.createServer((req, res) => {
  switch (req.url) {
    case '/half/length': return half(req, res, { 'Content-Length': 2000 });
    case '/half/chunked': return half(req, res, {});
    case '/half/nothing': return res.writeProcessing(); // only a sign of life
    case '/chunked':
      for (let i = 0; i < 1000; i++) res.write(`line ${i}\n`);
      return res.end();
    case '/reversed':
      return req.on('data', (chunk) => res.write(Buffer.from(chunk).reverse())).on('end', () => res.end());
    case '/length':
      res.writeHead(200, { 'Content-Length': 5 });
      return res.end('hello');
    default: return seen(req, res);
  }
});
server.keepAliveTimeout = 0;
new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket) => {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
});
server.listen(0, '127.0.0.1', () => console.log(`127.0.0.1:${server.address().port}`));
