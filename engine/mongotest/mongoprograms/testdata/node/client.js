// Works with a database through the Node driver: see testdata/programs/client.
'use strict';
const readline = require('node:readline');
const { MongoClient } = require('mongodb');

async function use(things, job, report) {
  const pad = 'x'.repeat(1000);
  await things.insertMany(Array.from({ length: job.count }, (_, n) => ({ n, pad })));
  for await (const _ of things.find({}, { batchSize: job.batch })) report.found++;
  report.modified = (await things.updateOne({ n: 0 }, { $set: { n: -1 } })).modifiedCount;
}

// crowd has all workers at work at once.
async function crowd(things, job, report) {
  await Promise.all(Array.from({ length: job.workers }, async (_, worker) => {
    for (let turn = 0; turn < 4; turn++) {
      const n = 1_000_000 + worker;
      await things.insertOne({ n, turn });
      if (!await things.findOne({ n, turn })) throw new Error('a document is missing');
    }
    report.worked++;
  }));
}

// ask finds out which server the database is at, and how it says hello.
async function ask(db, report) {
  const hello = await db.command({ hello: 1 });
  report.msg = hello.msg || '';
  report.hosts = 'hosts' in hello;
  report.server = Number((await db.command({ serverStatus: 1 })).pid);
}

function connect(job, report) {
  const options = { monitorCommands: true };
  if (job.resolveTo) {
    options.lookup = (_, { all }, done) => (all ? done(null, [{ address: job.resolveTo, family: 4 }]) : done(null, job.resolveTo, 4));
  }
  const client = new MongoClient(job.uri, options);
  client.on('serverDescriptionChanged', (e) => {
    if (e.previousDescription.type !== 'Unknown') report.changes++;
  });
  client.on('commandStarted', (e) => { if ('txnNumber' in e.command) report.retryable = true; });
  let beats = 0;
  const beaten = new Promise((resolve) => {
    client.on('serverHeartbeatSucceeded', () => { if (++beats >= job.beats) resolve(); });
  });
  return { client, beaten: job.beats > 0 ? beaten : Promise.resolve() };
}

async function work(client, beaten, job, report) {
  const db = client.db(job.database);
  await use(db.collection('things'), job, report);
  await crowd(db.collection('things'), job, report);
  await ask(db, report);
  await beaten;
  if (job.another) await client.db(job.another).collection('things').insertOne({ n: 0 });
}

async function main(job) {
  const report = { found: 0, modified: 0, worked: 0, msg: '', hosts: false, server: 0, retryable: false, changes: 0 };
  const { client, beaten } = connect(job, report);
  const print = async (done) => {
    delete report.code;
    delete report.error;
    try {
      await done;
    } catch (err) {
      if (typeof err.code === 'number') report.code = err.code;
      report.error = String(err);
    }
    console.log(JSON.stringify(report));
  };
  await print(work(client, beaten, job, report));
  if (job.again) {
    for await (const _ of readline.createInterface({ input: process.stdin })) await print(ask(client.db(job.database), report));
  }
  await client.close();
}

main(JSON.parse(process.argv[2]));
