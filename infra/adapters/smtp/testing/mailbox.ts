import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type Mail, MailServer } from './mail-server.ts'

const HELP = `npm run mailbox -- [--port 2525] [--dir DIR]

An SMTP server on 127.0.0.1 for development: takes every mail, sends none on. --dir keeps each as a file. Ends with Ctrl-C.
`

/** Named by how many came before and by its Message-ID, so that one that comes twice lies there twice. */
const fileOf = ({ messageId }: Mail, nth: number) =>
  `${String(nth).padStart(5, '0')}-${messageId.replaceAll(/[^\w.@-]/g, '').slice(0, 120) || 'without-id'}.eml`

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '2525' },
      dir: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return
  }
  const port = Number(values.port)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`--port is "${values.port}", no port.`)
  const dir = values.dir === undefined ? null : resolve(values.dir)
  if (dir) mkdirSync(dir, { recursive: true, mode: 0o700 })
  const server = new MailServer()
  server.taken = (mail, nth) => {
    if (dir) writeFileSync(join(dir, fileOf(mail, nth)), mail.raw, { mode: 0o600 })
    process.stdout.write(`${nth}  ${mail.messageId}\n`)
  }
  await server.listen(port).catch((e: NodeJS.ErrnoException) => {
    throw e.code === 'EADDRINUSE' ? new Error(`Something listens at port ${port} already: give another --port.`) : e
  })
  process.stdout.write(`smtp://127.0.0.1:${server.port} takes mails${dir ? ` and keeps them in ${dir}` : ''}\n`)
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void server.close().then(() => process.exit(0)))
}

main().catch((e: Error) => {
  process.stderr.write(`${e.message}\n${HELP}`)
  process.exit(2)
})
