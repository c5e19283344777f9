// Prints how node-postgres is refused, as "SEVERITY CODE: message".
//
//     node refusal.js URL
'use strict';

const { Client } = require('pg');

async function main(url) {
  const client = new Client(url);
  try {
    await client.connect();
  } catch (err) {
    console.log(`${err.severity} ${err.code}: ${err.message}`);
    return;
  }
  await client.end();
  throw new Error('was not refused');
}

main(process.argv[2]).catch((err) => {
  console.error(err);
  process.exit(1);
});
