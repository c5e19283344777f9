// Asks which server answers: client.js driver port user password database tls
'use strict';
const [driver, port, user, password, database, tls] = process.argv.slice(2);
const options = { host: '127.0.0.1', port: Number(port), user, password, database: database || undefined };
if (tls === 'tls') options.ssl = { rejectUnauthorized: false };
if (driver === 'mariadb' && tls !== 'tls') options.allowPublicKeyRetrieval = true;

async function open() {
  if (driver === 'mysql') {
    const connection = require('mysql').createConnection(options);
    const promised = (f) => new Promise((yes, no) => f((err, rows) => (err ? no(err) : yes(rows))));
    await promised((done) => connection.connect(done));
    return { query: (sql) => promised((done) => connection.query(sql, done)), end: () => promised((done) => connection.end(done)) };
  }
  if (driver === 'mariadb') return require('mariadb').createConnection(options);
  const connection = await require('mysql2/promise').createConnection(options);
  return { query: async (sql) => (await connection.query(sql))[0], end: () => connection.end() };
}

async function main() {
  const connection = await open();
  if (!database) await connection.query('USE beta');
  const rows = await connection.query('select name from whoami');
  await connection.end();
  console.log(rows[0].name);
}

main().catch((err) => {
  console.error(err);
  process.exit(1);
});
