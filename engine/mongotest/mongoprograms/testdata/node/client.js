// Works with databases through the Node driver: see testdata/programs/client.
'use strict';
const readline = require('node:readline');
const { MongoClient } = require('mongodb');

async function use(things, job, report) {
  const pad = 'x'.repeat(job.size || 1000);
  await things.insertMany(Array.from({ length: job.count }, (_, n) => ({ n, pad })));
  for await (const _ of things.find({}, { batchSize: job.batch })) report.found++;
  report.modified = (await things.updateOne({ n: 0 }, { $set: { n: -1 } })).modifiedCount;
}

// crowd has all workers at work at once. The first that fails ends the others.
async function crowd(things, job, report, watched) {
  let failed = false;
  const awaits = () => watched.beats < job.beats || watched.busiest < job.workers;
  await Promise.all(Array.from({ length: job.workers }, async () => {
    await writeAndRead(things, () => !failed && awaits()).catch((err) => { failed = true; throw err; });
    report.worked++;
  }));
}

async function writeAndRead(things, goOn) {
  const { insertedId: _id } = await things.insertOne({});
  do {
    if (!await things.findOne({ _id })) throw new Error('a document is missing');
  } while (goOn());
}

// ask finds out which server the database is at, and how it says hello.
async function ask(db, report) {
  const hello = await db.command({ hello: 1 });
  report.msg = hello.msg || '';
  report.hosts = 'hosts' in hello;
  report.server = Number((await db.command({ serverStatus: 1 })).pid);
}

// connect returns the driver's client and what is watched of it.
function connect(job, report) {
  const options = { monitorCommands: true };
  if (job.resolveTo) {
    options.lookup = (_, { all }, done) => (all ? done(null, [{ address: job.resolveTo, family: 4 }]) : done(null, job.resolveTo, 4));
  }
  const client = new MongoClient(job.uri, options);
  client.on('serverDescriptionChanged', (e) => {
    if (e.previousDescription.type !== 'Unknown') report.changes++;
  });
  client.on('topologyDescriptionChanged', (e) => {
    if ([...e.previousDescription.servers.values()].some((server) => server.type !== 'Unknown')) report.changes++;
  });
  client.on('commandStarted', (e) => { if ('txnNumber' in e.command) report.retryable = true; });
  const watched = { beats: 0, busy: 0, busiest: 0 };
  client.on('connectionCheckedOut', () => { watched.busiest = Math.max(watched.busiest, ++watched.busy); });
  client.on('connectionCheckedIn', () => { watched.busy--; });
  watched.beaten = new Promise((resolve) => {
    client.on('serverHeartbeatSucceeded', () => { if (++watched.beats >= job.beats) resolve(); });
  });
  return { client, watched };
}

async function work(client, job, report, watched) {
  const db = client.db(job.database);
  await use(db.collection('things'), job, report);
  await crowd(db.collection('things'), job, report, watched);
  await ask(db, report);
  if (job.beats > 0) await watched.beaten;
  if (job.another) await client.db(job.another).collection('things').insertOne({ n: 0 });
}

// attempt notes in the report why something fails.
async function attempt(report, something) {
  delete report.code;
  delete report.error;
  try {
    await something;
  } catch (err) {
    if (typeof err.code === 'number') report.code = err.code;
    report.error = String(err);
  }
}

async function main() {
  let client, job, report;
  for await (const line of readline.createInterface({ input: process.stdin })) {
    if (line === 'again') {
      await attempt(report, ask(client.db(job.database), report));
    } else {
      await client?.close();
      job = JSON.parse(line);
      report = { found: 0, modified: 0, worked: 0, msg: '', hosts: false, server: 0, retryable: false, changes: 0 };
      const connected = connect(job, report);
      client = connected.client;
      await attempt(report, work(client, job, report, connected.watched));
      const told = JSON.stringify(report); // before the end is another change
      if (!job.stay) await client.close();
      console.log(told);
      continue;
    }
    console.log(JSON.stringify(report));
  }
  await client?.close();
}

main();
