import { randomUUID } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { takeLease } from '@mastery/infra/runtime/lease.ts'
import type { ReconcileReport } from '@mastery/topology/reconcile/report.ts'
import { Tally } from '@mastery/topology/reconcile/tally.ts'
import type { RepairParts } from '../rebuild/parts.ts'
import { compareRanges, type RangeOutcome } from './compare-ranges.ts'
import { cutNow } from './cut.ts'
import { heal } from './heal.ts'
import type { Differing } from './messages.ts'
import { Pool } from './pool.ts'
import { listsOf, rangesOf } from './ranges.ts'
import { differingFields, inWords, recordDifferences, recordFields, recordRun } from './record.ts'
import { newRun, type RunState, type RunStore, type ToHeal } from './store.ts'

export interface ReconcileOptions {
  heal: boolean
  /** Only these, by pseudonym; such a run is not kept for going on. */
  students?: readonly string[]
  store: RunStore
  /** Threads that fold. Default: two, or one on a single core. */
  workers?: number
  /** Events that are in memory per range. Default 25,000. */
  rangeEvents?: number
  progress?(phase: string, done: number, total: number | null): void
}

const RANGE_EVENTS = 25_000
/** A run that stopped longer ago begins anew: most students will have moved on. */
const RESUMABLE_MS = 12 * 3_600_000
const SAVE_MS = 1_000
/** Students of whom the report says what differs; the rest is in gold. */
const FOUND = 50
const WORDS = 5

/**
 * Compares what gold and the states hold with the fold of all events up to a cut, writes what it finds to gold, and has
 * what differs rebuilt. One run at a time over all processes; a run that was killed goes on with the ranges it had left.
 * @throws LeaseHeld where another one runs; StagesStandStill where the services do not run
 */
export async function reconcile(given: RepairParts, options: ReconcileOptions): Promise<ReconcileReport> {
  const lease = await takeLease(given.state, 'reconcile')
  const signals = given.signal ? [given.signal, lease.signal] : [lease.signal]
  const parts: RepairParts = { ...given, signal: AbortSignal.any(signals) }
  const run = new Run(parts, options)
  try {
    return await run.all()
  } catch (e) {
    await run.gaveUp(parts.signal!.aborted ? 'interrupted' : 'failed').catch(() => {})
    throw e
  } finally {
    await run.close()
    await lease.release()
  }
}

class Run {
  private readonly parts: RepairParts
  private readonly options: ReconcileOptions
  private readonly pool: Pool
  private readonly began = performance.now()
  private readonly sampler: NodeJS.Timeout
  private peak = process.memoryUsage.rss()
  private state: RunState | null = null
  private resumed = false
  private saved = 0
  private healed = 0
  private recorded = 0

  constructor(parts: RepairParts, options: ReconcileOptions) {
    this.parts = parts
    this.options = options
    this.pool = new Pool(options.workers ?? Math.min(2, availableParallelism()))
    this.sampler = setInterval(() => {
      this.peak = Math.max(this.peak, process.memoryUsage.rss())
    }, 100)
    this.sampler.unref()
  }

  async all(): Promise<ReconcileReport> {
    const { parts, options, pool } = this
    const s = await this.begin()
    const left = s.ranges.map((r, i) => [i, r] as const).filter(([i]) => !s.done.includes(i))
    const total = s.ranges.reduce((n, r) => n + r.events, 0)
    await compareRanges(parts, pool, new Map(s.cut), left, {
      oracle: true,
      done: async (id, outcome) => {
        await this.take(s, outcome)
        s.done.push(id)
        options.progress?.('comparing', s.events, total || null)
        await this.save(s)
      },
    })
    await this.again(s)

    const reason = `Reconcile ${s.run_id.slice(0, 8)} found other values than the history gives.`
    const targets = options.heal ? merged(s) : []
    const outcomes = await heal(parts, pool, targets, reason, (phase, done, of) => options.progress?.(phase, done, of))
    this.healed = s.differing.filter((d) => outcomes.get(d.student) === 'healed').length
    for (const f of s.found) f.outcome = outcomes.get(f.student) ?? 'left as it is'
    const status =
      s.differing.length + s.oracle.differences === 0
        ? 'clean'
        : this.healed === s.differing.length && s.differing.length > 0
          ? 'healed'
          : 'differs'
    await recordFields(parts, s)
    await this.record(s, { status, finished: true, progress: 1 })
    if (!options.students) await options.store.clear()
    return this.report(s, status)
  }

  private async begin(): Promise<RunState> {
    const { parts, options } = this
    const kept = options.students ? null : await options.store.load()
    const usable =
      kept !== null &&
      kept.version === 2 &&
      kept.generation === parts.generation &&
      parts.now() - kept.started_at < RESUMABLE_MS &&
      kept.tally.length === new Tally().cells.length
    if (usable) {
      this.resumed = true
      this.state = kept
      return kept
    }
    const cut = await cutNow(parts, (stage) => options.progress?.(`waiting for ${stage}`, 0, null))
    const ranges = options.students
      ? listsOf([...new Set(options.students)])
      : await rangesOf(parts, cut, options.rangeEvents ?? RANGE_EVENTS)
    const s = newRun({
      run_id: randomUUID(),
      started_at: parts.now(),
      generation: parts.generation,
      cut: [...cut],
      ranges,
    })
    this.state = s
    await this.save(s, true)
    return s
  }

  /** Adds what one range came to. */
  private async take(s: RunState, { result, moving, oracle }: RangeOutcome): Promise<void> {
    const tally = new Tally(s.tally)
    tally.merge(result.tally)
    s.tally = [...tally.cells]
    s.events += result.events
    s.students += result.students
    s.approximate += result.approximate
    s.other_versions += result.otherVersions
    s.moving.push(...moving)
    s.expired += result.expired
    s.from_checkpoint += result.fromCheckpoint
    s.behind += result.behind
    s.stale.push(...result.stale.map((w) => ({ ...w, extra: [] })))
    for (const d of result.differing) this.found(s, d)
    const waits = new Set(result.stale.map((w) => w.student))
    const sql = (oracle?.differences ?? []).filter((d) => !waits.has(d.student))
    if (oracle !== null) {
      s.oracle.rows += oracle.rows
      s.oracle.left_out += oracle.leftOut
      s.oracle.expired += oracle.expired
      s.oracle.differences += sql.length
      for (const d of sql.slice(0, Math.max(0, WORDS - s.oracle.examples.length)))
        s.oracle.examples.push(`${d.student}: ${d.field} of ${d.topic}: ${d.stored} stored, ${d.computed} by SQL`)
    }
    await recordDifferences(this.parts, s.run_id, result.differing, sql)
  }

  private found(s: RunState, d: Differing): void {
    const { tenant, student, count, extra } = d
    s.differing.push({ tenant, student, extra })
    if (s.found.length < FOUND)
      s.found.push({ tenant, student, count, what: d.differences.slice(0, WORDS).map(inWords), outcome: '' })
  }

  /** Who got records after the cut is compared at a later one. */
  private async again(s: RunState): Promise<void> {
    if (s.moving.length === 0) return
    const { parts, options } = this
    const students = [...new Set(s.moving)]
    s.moving = []
    const cut = await cutNow(parts, (stage) => options.progress?.(`waiting for ${stage}`, 0, null))
    const lists = listsOf(students).map((r, i) => [i, r] as const)
    await compareRanges(parts, this.pool, cut, lists, {
      oracle: true,
      done: async (_, outcome) => {
        await this.take(s, outcome)
        options.progress?.('comparing again', s.students, null)
      },
    })
  }

  private now(s: RunState) {
    const total = Math.max(1, s.ranges.length)
    return {
      healed: this.healed,
      seconds: (performance.now() - this.began) / 1000,
      peakRssMb: this.peak / 2 ** 20,
      progress: s.done.length / total,
    }
  }

  private async save(s: RunState, force = false): Promise<void> {
    if (!force && performance.now() - this.saved < SAVE_MS) return
    this.saved = performance.now()
    if (!this.options.students) await this.options.store.save(s)
    await this.record(s, { status: 'running', finished: false })
  }

  /** The newest row is the run's, so no two of them may bear the same time. */
  private async record(s: RunState, now: { status: string; finished: boolean; progress?: number }): Promise<void> {
    this.recorded = Math.max(this.parts.now(), this.recorded + 1)
    await recordRun(this.parts, s, { ...this.now(s), ...now }, this.recorded)
  }

  async gaveUp(status: string): Promise<void> {
    if (this.state) await this.record(this.state, { status, finished: false })
  }

  async close(): Promise<void> {
    clearInterval(this.sampler)
    await this.pool.close()
  }

  private report(s: RunState, status: ReconcileReport['status']): ReconcileReport {
    const { seconds, peakRssMb } = this.now(s)
    return {
      run_id: s.run_id,
      status,
      generation: s.generation,
      events: s.events,
      students: s.students,
      ...new Tally(s.tally).total(),
      differing: s.differing.length,
      healed: this.healed,
      stale: s.stale.length,
      moving: s.moving.length,
      expired: s.expired,
      from_checkpoint: s.from_checkpoint,
      behind: s.behind,
      other_versions: s.other_versions,
      approximate: s.approximate,
      oracle: s.oracle,
      seconds,
      peak_rss_mb: peakRssMb,
      resumed: this.resumed,
      fields: differingFields(s),
      found: s.found,
    }
  }
}

/** Everybody who is to be rebuilt, once. */
function merged(s: RunState): ToHeal[] {
  const all = new Map<string, ToHeal>()
  for (const h of [...s.differing, ...s.stale]) if (!all.has(h.student)) all.set(h.student, h)
  return [...all.values()]
}
