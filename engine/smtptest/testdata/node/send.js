// Sends two messages by nodemailer over one connection:
// send.js port ca ehlo settings recipient
// ca is the file to verify the server with, for the name shop.example. settings
// are words: tls, implicit, plain, login (the password is "secret"). Prints whom
// they went to.
const fs = require('fs')
const nodemailer = require('nodemailer')

const [port, ca, name, words, recipient] = process.argv.slice(2)
const settings = words.split(',')
const method = settings.find(word => word === 'plain' || word === 'login')
const transport = nodemailer.createTransport({
  host: '127.0.0.1',
  port: Number(port),
  name,
  pool: true,
  maxConnections: 1,
  secure: settings.includes('implicit'),
  ignoreTLS: !settings.includes('tls'),
  requireTLS: settings.includes('tls'),
  tls: ca === 'none' ? { rejectUnauthorized: false } : { ca: fs.readFileSync(ca), servername: 'shop.example' },
  authMethod: method && method.toUpperCase(),
  auth: method && { user: 'nodemailer@shop.example', pass: 'secret' }
})

async function main () {
  for (const n of [1, 2]) {
    const sent = await transport.sendMail({
      from: 'nodemailer@shop.example', to: recipient, subject: `message ${n}`, text: '.\n..\nGrüße\n.'
    })
    console.log(JSON.stringify(sent.accepted))
  }
  transport.close()
}

main().catch(err => {
  console.error(err)
  process.exit(1)
})
