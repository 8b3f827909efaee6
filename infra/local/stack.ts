import { rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { clickhouse } from './clickhouse/clickhouse.ts'
import { kafka } from './kafka/kafka.ts'
import { layoutOf, PART_NAMES, type PartName, readJson, writeJson } from './layout.ts'
import { withStackLock } from './lock.ts'
import type { Part } from './part.ts'
import { redis } from './redis/redis.ts'
import { registry } from './registry/registry.ts'
import { ensureRunning, ensureStopped, look, type PartStatus } from './supervise.ts'
import { whyMissing } from './tools.ts'
import type { Log } from './wait.ts'

export type { PartName } from './layout.ts'
export type { PartStatus } from './supervise.ts'

/**
 * Where the servers are: `kafka` host:port, `redis` redis://host:port, `registry` the base URL of a Confluent-compatible
 * registry, `clickhouse` http://host:port. Also in `.local/stack/addresses.json`.
 */
export type StackAddresses = Record<PartName, string>

const PARTS: Readonly<Record<PartName, Part>> = { kafka, redis, registry, clickhouse }

/** Reports the first failure only after all have settled, so that nothing goes on behind a returned error. */
async function settled<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(work)
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []))
  if (failures.length === 0) return results.map((result) => (result as PromiseFulfilledResult<T>).value)
  if (failures.length === 1) throw failures[0]
  throw new Error(failures.map((failure) => failure.message).join('\n'))
}

async function prepare(names: readonly PartName[], root: string | undefined, log: Log): Promise<void> {
  // One after another: apt-get and Maven's repository take one writer at a time.
  for (const name of names) await PARTS[name].prepare(layoutOf(root), log)
}

/**
 * Makes the servers run: installs and downloads what is missing, leaves healthy parts alone, starts the others.
 * @param opts.root folder that holds `.local/` (default: the repository)
 * @param opts.parts only these (default: all)
 * @returns addresses of the parts asked for
 * @throws Error that says what to do and quotes the log of the part that failed; parts that run stay up
 */
export async function upStack<P extends PartName = PartName>(
  opts: { root?: string; parts?: readonly P[]; log?: Log } = {},
): Promise<Pick<StackAddresses, P>> {
  const names: readonly PartName[] = opts.parts ?? PART_NAMES
  const log = opts.log ?? (() => undefined)
  const layout = layoutOf(opts.root)
  return withStackLock(layout.stackDir, log, async () => {
    await prepare(names, opts.root, log)
    const found = await settled(
      names.map(async (name) => [name, await ensureRunning(PARTS[name], layout, log)] as const),
    )
    const file = join(layout.stackDir, 'addresses.json')
    const addresses = { ...readJson<Partial<StackAddresses>>(file), ...Object.fromEntries(found) }
    writeJson(file, addresses)
    return Object.fromEntries(found) as Pick<StackAddresses, P>
  })
}

/** How each part is. Changes nothing. */
export function statusStack(root?: string): Promise<PartStatus[]> {
  return Promise.all(PART_NAMES.map((name) => look(PARTS[name], layoutOf(root))))
}

/**
 * Ends every part and verifies that its process is gone. Data and ports are kept, unless `wipe` is set.
 * @throws Error when a process survives SIGKILL
 */
export async function downStack(root?: string, opts: { wipe?: boolean; log?: Log } = {}): Promise<void> {
  const layout = layoutOf(root)
  const log = opts.log ?? (() => undefined)
  await withStackLock(layout.stackDir, log, async () => {
    await settled(PART_NAMES.map((name) => ensureStopped(PARTS[name], layout, log)))
    rmSync(join(layout.stackDir, 'addresses.json'), { force: true })
    if (opts.wipe !== true) return
    for (const name of PART_NAMES) rmSync(layout.partDir(name), { recursive: true, force: true })
    log(`data and logs under ${layout.stackDir} deleted`)
  })
}

/** Whether the engine's native library exists for this platform. */
function engineFault(): string | null {
  try {
    createRequire(import.meta.url).resolve('chdb')
    if (process.platform === 'win32') return 'Windows has no build of the ClickHouse engine: use WSL 2'
    return null
  } catch {
    return 'the chdb package is not installed: run npm ci'
  }
}

/**
 * Why the stack can't run here, each reason saying what to do; empty when it can.
 * First looks at what the machine has. Where that is no obstacle it also installs and downloads what is missing, as
 * `upStack` would, because only trying tells whether the network is there; `prepare: false` leaves this out.
 */
export async function stackUnavailable(opts: { root?: string; prepare?: boolean; log?: Log } = {}): Promise<string[]> {
  const layout = layoutOf(opts.root)
  const tools = new Set(PART_NAMES.flatMap((name) => [...PARTS[name].tools, ...PARTS[name].missingDownloads(layout)]))
  const reasons: string[] = []
  const engine = engineFault()
  if (engine !== null) reasons.push(engine)
  for (const tool of tools) {
    const why = await whyMissing(tool)
    if (why !== null) reasons.push(why)
  }
  if (reasons.length > 0 || opts.prepare === false) return reasons
  const log = opts.log ?? (() => undefined)
  try {
    await withStackLock(layout.stackDir, log, () => prepare(PART_NAMES, opts.root, log))
    return []
  } catch (error) {
    return [(error as Error).message]
  }
}
