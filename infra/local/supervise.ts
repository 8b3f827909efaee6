import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Layout, type PartName, readJson, writeJson } from './layout.ts'
import { choosePorts } from './network.ts'
import type { Part, Ports } from './part.ts'
import { isRunning, type ProcessIdentity, residentMiB, startDetached, stopProcess } from './process.ts'
import { type Log, waitUntil } from './wait.ts'

/** What is remembered of a part between commands; `process` is null once it was stopped. */
type PartRecord = { process: ProcessIdentity | null; ports: Ports }

export type PartStatus = {
  part: PartName
  state: 'running' | 'silent' | 'stopped'
  address: string | null
  pid: number | null
  residentMiB: number | null
  logFile: string
}

const TAKEN = /Address already in use|BindException|EADDRINUSE|already in use/

const recordFile = (layout: Layout, part: PartName): string => join(layout.partDir(part), 'process.json')

/** A silent part may be starting under another command, or busy: it gets this long before it is replaced. */
const SILENCE_MS = 10_000

/** Clients know a part by its port: one that somebody holds is waited for this long before another is taken. */
const PORT_WAIT_MS = 5_000

/** Makes one part serve: leaves a healthy one alone, replaces a dead or silent one. Returns its address. */
export async function ensureRunning(part: Part, layout: Layout, log: Log): Promise<string> {
  const record = readJson<PartRecord>(recordFile(layout, part.name))
  const old = record?.process ?? null
  if (record !== null && old !== null && isRunning(old)) {
    if (await servesWithin(part, record.ports, old, SILENCE_MS)) {
      log(`${part.name}: already running at ${part.address(record.ports)} (pid ${old.pid})`)
      return part.address(record.ports)
    }
    log(`${part.name}: process ${old.pid} runs and does not answer, replacing it`)
    await stopProcess(old, part.stopLimitMs)
  } else if (old !== null) {
    log(`${part.name}: process ${old.pid} is gone, starting it again`)
  }
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(part, layout, record?.ports ?? {}, log)
    } catch (error) {
      // Between the look at a free port and its use, another program may take it.
      if (attempt === 3 || !TAKEN.test((error as Error).message)) throw error
      log(`${part.name}: its port was taken meanwhile, trying another`)
    }
  }
}

async function start(
  part: Part,
  layout: Layout,
  remembered: Readonly<Record<string, number>>,
  log: Log,
): Promise<string> {
  const logFile = layout.logFile(part.name)
  mkdirSync(layout.partDir(part.name), { recursive: true })
  const ports = (await choosePorts(part.portNames, remembered, PORT_WAIT_MS)) as Ports
  for (const name of part.portNames)
    if (remembered[name] !== undefined && remembered[name] !== ports[name])
      log(
        `${part.name}: another program holds port ${remembered[name]} (${name}); it moves to ${ports[name]}, so what uses the old address must be told the new one`,
      )
  const launch = await part.plan(layout, ports, log)
  const identity = await startDetached(launch, logFile)
  // Written before it serves: an interrupted command must leave nothing that `down` does not know of.
  writeJson(recordFile(layout, part.name), { process: identity, ports } satisfies PartRecord)
  log(`${part.name}: starting (pid ${identity.pid})`)
  const took = await waitUntil({
    what: part.name,
    limitMs: part.startLimitMs,
    check: () => part.serves(ports),
    alive: () => isRunning(identity),
    logFile,
    log,
  }).catch(async (error: unknown) => {
    await stopProcess(identity, 1_000)
    throw error
  })
  log(
    `${part.name}: ready at ${part.address(ports)} after ${(took / 1000).toFixed(1)} s, ${residentMiB(identity.pid) ?? '?'} MiB`,
  )
  return part.address(ports)
}

async function servesWithin(part: Part, ports: Ports, identity: ProcessIdentity, limitMs: number): Promise<boolean> {
  const until = performance.now() + limitMs
  do {
    if (await part.serves(ports)) return true
    await new Promise((resolve) => setTimeout(resolve, 200))
  } while (performance.now() < until && isRunning(identity))
  return false
}

/** Ends one part and verifies that its process is gone; its ports stay remembered. */
export async function ensureStopped(part: Part, layout: Layout, log: Log): Promise<void> {
  const record = readJson<PartRecord>(recordFile(layout, part.name))
  if (record === null || record.process === null) return
  const how = await stopProcess(record.process, part.stopLimitMs)
  writeJson(recordFile(layout, part.name), { process: null, ports: record.ports } satisfies PartRecord)
  log(`${part.name}: ${how === 'absent' ? 'was not running' : how}`)
}

/** How one part is. */
export async function look(part: Part, layout: Layout): Promise<PartStatus> {
  const record = readJson<PartRecord>(recordFile(layout, part.name))
  const alive = record?.process != null && isRunning(record.process)
  const serves = alive && (await part.serves(record.ports))
  return {
    part: part.name,
    state: serves ? 'running' : alive ? 'silent' : 'stopped',
    address: serves ? part.address(record.ports) : null,
    pid: alive ? record.process!.pid : null,
    residentMiB: alive ? residentMiB(record.process!.pid) : null,
    logFile: layout.logFile(part.name),
  }
}
