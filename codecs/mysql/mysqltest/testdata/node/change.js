// Changes the user and back, and asks who and where it is:
// change.js driver port user password database other
'use strict';
const [driver, port, user, password, database, other] = process.argv.slice(2);
const options = { host: '127.0.0.1', port: Number(port), user, password, database };

async function main() {
  const connection = driver === 'mariadb'
    ? await require('mariadb').createConnection(options)
    : await require('mysql2/promise').createConnection(options);
  for (const name of [other, user]) {
    await connection.changeUser({ user: name, password, database });
    const answer = await connection.query("select concat(substring_index(current_user(), '@', 1), '/', name) as x from whoami");
    console.log((driver === 'mariadb' ? answer : answer[0])[0].x);
  }
  await connection.end();
}

main().catch((err) => {
  console.error(err);
  process.exit(1);
});
