import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Io } from './command.ts'
import type { Owner } from './owner.ts'

/** A frame of a command's output: o(ut), e(rror stream), or the exit code. */
type Frame = { o: string } | { e: string } | { code: number }

/** Lets the command line run commands inside the process that has the data folder open. Loopback only, with the owner's token. */
export async function serveCommands(
  token: string,
  run: (argv: string[], io: Io) => Promise<number>,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((req, res) => {
    if (req.method !== 'POST' || req.headers.authorization !== `Bearer ${token}`) {
      res.writeHead(403).end()
      return
    }
    let body = ''
    req.setEncoding('utf8')
    req.on('data', (c) => {
      body += c
    })
    req.on('end', () => {
      const { argv, cwd, tty } = JSON.parse(body) as { argv: string[]; cwd: string; tty: boolean }
      res.writeHead(200, { 'Content-Type': 'application/x-ndjson' })
      const send = (f: Frame) => void res.write(`${JSON.stringify(f)}\n`)
      const io: Io = { out: (o) => send({ o }), err: { write: (e) => send({ e }), isTTY: tty }, cwd }
      run(argv, io)
        .then((code) => send({ code }))
        .catch((e: Error) => {
          send({ e: `${e.message}\n` })
          send({ code: 1 })
        })
        .finally(() => res.end())
    })
  })
  server.requestTimeout = 0
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Runs a command in the owner's process and shows its output here. Gives the exit code. */
export function runAtOwner(owner: Owner, argv: string[], io: Io): Promise<number> {
  return new Promise((resolve, reject) => {
    const req = httpRequest(
      owner.url!,
      // A connection of its own: one that was kept may be closed by the other end at the moment of its next use.
      { method: 'POST', agent: false, headers: { Authorization: `Bearer ${owner.token}` } },
      (res) => {
        if (res.statusCode !== 200)
          return reject(new Error(`The running process ${owner.pid} refused the command (${res.statusCode}).`))
        let rest = ''
        let code: number | null = null
        res.setEncoding('utf8')
        res.on('data', (chunk: string) => {
          const lines = (rest + chunk).split('\n')
          rest = lines.pop()!
          for (const line of lines) {
            const f = JSON.parse(line) as Frame
            if ('o' in f) io.out(f.o)
            else if ('e' in f) io.err.write(f.e)
            else code = f.code
          }
        })
        const cutOff = () =>
          reject(new Error(`Process ${owner.pid} ended before the command was done; what it had stored is kept.`))
        res.on('end', () => (code === null ? cutOff() : resolve(code)))
        res.on('error', cutOff)
      },
    )
    req.on('error', (e) =>
      reject(new Error(`Process ${owner.pid} (${owner.what}) owns the data folder but does not answer: ${e.message}.`)),
    )
    req.end(JSON.stringify({ argv, cwd: io.cwd, tty: io.err.isTTY }))
  })
}
