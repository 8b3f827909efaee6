import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ConsoleTelemetry } from '@mastery/infra/adapters/telemetry/console.ts'
import { loadProfile } from '@mastery/infra/config/profile.ts'
import { downStack, stackUnavailable, statusStack, upStack } from '@mastery/infra/local/stack.ts'
import { drain } from '@mastery/infra/runtime/drain.ts'
import { openInstallation } from '@mastery/infra/runtime/installation.ts'
import { beginGeneration } from '@mastery/jobs/src/replay/begin.ts'
import { buildProgress, isCaughtUp } from '@mastery/jobs/src/replay/progress.ts'
import { dropGeneration } from '@mastery/jobs/src/replay/switch.ts'
import { AWAITED_SERVICES } from '@mastery/topology/flow.ts'
import { EVERYTHING } from '@mastery/topology/generations/generation.ts'
import { Redis } from 'ioredis'
import { encoded, everyEventInGold, send } from './feed.ts'
import { cpuMsOf, type Figure, figure, peakRssMib, peakRssMibOf, Stopwatch } from './measure.ts'
import { type Case, NotRun } from './scenario.ts'
import { SHAPES, sized } from './school.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const HOME = join(ROOT, '.local/bench')

const CEILING = {
  value: 82_000,
  what: 'every event its own feature row, distinct keys, log, encode and Redis commit; without models and gold',
}

/** CPU of every process, milliseconds, by name. */
function cpuOfAll(pids: ReadonlyMap<string, number>): Map<string, number> {
  return new Map([...pids].map(([name, pid]) => [name, cpuMsOf(pid) ?? 0]))
}

async function stop(children: readonly ChildProcess[]): Promise<void> {
  await Promise.all(
    children.map(async (c) => {
      if (c.exitCode !== null || c.signalCode !== null) return
      const gone = once(c, 'exit')
      c.kill('SIGTERM')
      await gone
    }),
  )
}

/**
 * Stages as processes on Kafka, Redis, the registry and the ClickHouse engine: from the first append until gold has all;
 * then all of it again as a new generation, and once more into a state store that was flushed.
 */
const wide: Case = async ({ quick, note }) => {
  const missing = await stackUnavailable({ root: HOME, log: note })
  if (missing.length > 0) throw new NotRun(missing.join('; '))
  const size = sized(SHAPES.wide, quick)
  await downStack(HOME, { wipe: true })
  const data = join(HOME, 'data')
  rmSync(data, { recursive: true, force: true })
  mkdirSync(data, { recursive: true })
  const children: ChildProcess[] = []
  try {
    const at = await upStack({ root: HOME, log: note })
    const env = {
      ...process.env,
      MASTERY_PROFILE: 'local',
      MASTERY_DATA: data,
      KAFKA_BROKERS: at.kafka,
      REDIS_URL: at.redis,
      SCHEMA_REGISTRY_URL: at.registry,
      CLICKHOUSE_URL: at.clickhouse,
    }
    const profile = loadProfile(env)
    const installation = await openInstallation(profile, new ConsoleTelemetry('bench', true))
    const gold = await installation.openGold()
    try {
      const { appends, events } = encoded(installation, size)
      let ended: string | null = null
      const log = createWriteStream(join(HOME, 'services.log'))
      let told = false
      const startStages = () => {
        told = false
        for (const stage of AWAITED_SERVICES) {
          const child = spawn(process.execPath, [...process.execArgv, join(ROOT, 'services', stage, 'src/main.ts')], {
            env: { ...env, PORT: '0' },
            stdio: ['ignore', 'pipe', 'pipe'],
          })
          child.stdout.pipe(log, { end: false })
          child.stderr.pipe(log, { end: false })
          child.on('exit', (code, signal) => {
            if (!told) ended ??= `${stage} ended (${signal ?? code}); ${join(HOME, 'services.log')} says why`
          })
          children.push(child)
        }
      }
      startStages()
      const check = () => {
        if (ended) throw new Error(ended)
      }
      const pids = new Map<string, number>(children.map((c, i) => [AWAITED_SERVICES[i]!, c.pid!]))
      for (const part of await statusStack(HOME)) if (part.pid !== null) pids.set(part.part, part.pid)
      const drained = () => drain(installation.log, installation.state, profile.generation, () => {}, check, note)

      // One tick through everything: groups are joined, schemas are known, connections are open.
      note('services are joining their groups')
      await send(installation, appends.splice(0, profile.partitions), check)
      await drained()

      note(`sending ${events.toLocaleString('en')} events, and waiting for gold`)
      const before = cpuOfAll(pids)
      const watch = new Stopwatch()
      watch.start()
      await send(installation, appends, check)
      await drained()
      const lap = await watch.stop()
      const after = cpuOfAll(pids)
      await everyEventInGold(gold, events)

      const what = `${size.students.toLocaleString('en')} students x ${Math.round(events / size.students)}, into gold`
      const f = figure({ scenario: 'local', what, records: events, ceiling: CEILING, goal: 10_000 }, lap)
      let total = lap.cpuMs
      f.more['sender_us'] = (lap.cpuMs * 1000) / events
      let resident = peakRssMib()
      for (const [name, pid] of pids) {
        const ms = after.get(name)! - before.get(name)!
        total += ms
        f.more[`${name}_us`] = (ms * 1000) / events
        resident += peakRssMibOf(pid) ?? 0
      }
      const first = { ...f, cpu_us: (total * 1000) / events, main_us: null, gc_share: null, peak_rss_mib: resident }

      const timed = async (what: string, goal: number | undefined, work: () => Promise<void>): Promise<Figure> => {
        note(what)
        const lap = new Stopwatch()
        lap.start()
        await work()
        const about = { scenario: 'local', what, records: events, ...(goal === undefined ? {} : { goal }) }
        const found = figure(about, await lap.stop())
        // The work is done by other processes.
        return { ...found, cpu_us: null, main_us: null, gc_share: null, peak_rss_mib: null }
      }
      const replayed = await timed('replay as a new generation', 15_000, async () => {
        const given = { selection: EVERYTHING, models: {}, rate: null, reason: 'bench', now: Date.now() }
        const { id } = await beginGeneration(installation, given)
        do {
          check()
          await new Promise((r) => setTimeout(r, 200))
        } while (!isCaughtUp(await buildProgress(installation, id)))
      })
      await dropGeneration(installation, gold, 1, Date.now())
      told = true
      await stop(children)
      const redis = new Redis(at.redis)
      await redis.flushall()
      redis.disconnect()
      const rebuilt = await timed('rebuild of a flushed state store, services started', undefined, async () => {
        startStages()
        await drained()
      })
      await everyEventInGold(gold, events)
      return [first, replayed, rebuilt]
    } finally {
      await stop(children)
      await gold.close()
      await installation.close()
    }
  } finally {
    await stop(children)
    await downStack(HOME, { wipe: true })
  }
}

export const cases = { wide }
