import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { bareEnv, type Place, ROOT } from './cli.ts'

export interface Left {
  code: number | null
  signal: NodeJS.Signals | null
  /** Milliseconds from the signal to the end. */
  ms: number
}

/** A process of ours that runs until it is told to go, with all that it has written. */
export class Server {
  output = ''
  readonly child: ChildProcess
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>

  constructor(script: string, args: readonly string[], place: Place) {
    const env = bareEnv({ ...(place.data ? { MASTERY_DATA: place.data } : {}), ...place.env })
    this.child = spawn(process.execPath, [join(ROOT, script), ...args], {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.child.stdout!, this.child.stderr!])
      stream.on('data', (b: Buffer) => {
        this.output += b.toString('utf8')
      })
    this.ended = new Promise((done) => this.child.on('exit', (code, signal) => done({ code, signal })))
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  /** What `pattern` finds in the output, as soon as it is there. Throws with the output where the process ends before. */
  async said(pattern: RegExp, limitMs = 180_000): Promise<RegExpExecArray> {
    const until = performance.now() + limitMs
    for (;;) {
      const found = pattern.exec(this.output)
      if (found) return found
      if (!this.running) throw new Error(`The process ended before it said ${pattern}:\n${this.output}`)
      if (performance.now() > until) throw new Error(`The process did not say ${pattern}:\n${this.output}`)
      await new Promise((r) => setTimeout(r, 20))
    }
  }

  async signal(name: NodeJS.Signals): Promise<Left> {
    const started = performance.now()
    if (this.running) this.child.kill(name)
    return { ...(await this.ended), ms: performance.now() - started }
  }
}

/** `npm start` on a free port. */
export async function startMastery(data: string): Promise<{ server: Server; url: string; apiKey: string | null }> {
  const server = new Server('services/cli/src/main.ts', ['start'], { data, env: { PORT: '0', HOST: '127.0.0.1' } })
  const url = (await server.said(/mastery-stream is running: (\S+)/))[1]!
  return { server, url, apiKey: /shown once: (\S+)/.exec(server.output)?.[1] ?? null }
}
