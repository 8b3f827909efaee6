import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export const ROOT = resolve(import.meta.dirname, '../..')
export const SHARED = resolve(ROOT, '../shared')
const MAIN = join(ROOT, 'services/cli/src/main.ts')
const OURS =
  /^(MASTERY_|KAFKA_BROKERS$|REDIS_URL$|SCHEMA_REGISTRY_URL$|CLICKHOUSE_URL$|PORT$|HOST$|VITEST|NODE_OPTIONS$)/

/** How a child process ended, with all that it wrote. */
export interface Ended {
  /** Null where a signal ended it. */
  code: number | null
  out: string
  err: string
  /** Milliseconds. */
  ms: number
}

/** Where a command works: its data folder and what differs from a bare environment. */
export interface Place {
  data?: string
  env?: Record<string, string>
  /** What stands on its standard input, a pipe then. */
  stdin?: string
}

/** This process's environment without anything that would change what our commands do. */
export function bareEnv(extra: Record<string, string> = {}): Record<string, string> {
  const env: Record<string, string> = {}
  for (const [name, value] of Object.entries(process.env))
    if (value !== undefined && !OURS.test(name)) env[name] = value
  // Stripping types anew costs each of these processes more than its work.
  return { ...env, NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache'), ...extra }
}

/** Runs a script of this repository on this Node until it ends; after `limitMs` it is killed. */
export function runScript(
  script: string,
  args: readonly string[],
  place: Place = {},
  limitMs = 120_000,
): Promise<Ended> {
  const started = performance.now()
  const env = bareEnv({ ...(place.data ? { MASTERY_DATA: place.data } : {}), ...place.env })
  return new Promise((done, fail) => {
    const stdin = place.stdin === undefined ? 'ignore' : 'pipe'
    const child = spawn(process.execPath, [script, ...args], { cwd: ROOT, env, stdio: [stdin, 'pipe', 'pipe'] })
    // A child that reads none of it closes the pipe.
    child.stdin?.on('error', () => {}).end(place.stdin)
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout?.on('data', (b: Buffer) => out.push(b))
    child.stderr?.on('data', (b: Buffer) => err.push(b))
    const timer = setTimeout(() => child.kill('SIGKILL'), limitMs)
    child.on('error', fail)
    child.on('close', (code) => {
      clearTimeout(timer)
      const text = (chunks: Buffer[]) => Buffer.concat(chunks).toString('utf8')
      done({ code, out: text(out), err: text(err), ms: performance.now() - started })
    })
  })
}

export interface ImportSummary {
  read: number
  events: number
  rejects: number
  duplicates: number
  seconds: number
  models: Record<string, { n: number; auc: number | null; log_loss: number; ece: number; sum_p: number }>
}

/** Runs a command line to its end, whatever that is; after `limitMs` a process is killed. */
type Run = (args: readonly string[], place?: Place, limitMs?: number) => Promise<Ended>

/** `npx mastery ...`, and what is asked of it most. */
export function commandsBy(run: Run) {
  /** Throws with what it wrote where it did not end with 0. */
  const masteryOk: Run = async (args, place, limitMs) => {
    const ended = await run(args, place, limitMs)
    if (ended.code !== 0)
      throw new Error(
        `mastery ${args.join(' ').slice(0, 200)} ended with ${ended.code}:\n${ended.err}\n${ended.out.slice(0, 2000)}`,
      )
    return ended
  }
  return {
    mastery: run,
    masteryOk,
    /** What `mastery sql` answers, row by row. */
    async sqlRows<T>(query: string, place: Place): Promise<T[]> {
      const write = /^\s*(ALTER|DELETE|INSERT)\b/.test(query) ? ['--write'] : []
      const { out } = await masteryOk(['sql', query, '--json', ...write], place)
      return out
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as T)
    },
    /** Imports a file and gives the summary of `--json`. */
    async importFile(format: string, file: string, place: Place, more: readonly string[] = []): Promise<ImportSummary> {
      const { out } = await masteryOk(['import', '--format', format, '--file', file, '--json', ...more], place, 240_000)
      return JSON.parse(out) as ImportSummary
    },
  }
}

/** As child processes. */
export const { mastery, masteryOk, sqlRows, importFile } = commandsBy((args, place, limitMs) =>
  runScript(MAIN, args, place, limitMs),
)
