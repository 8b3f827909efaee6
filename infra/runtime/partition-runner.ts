import type { Codec } from '@mastery/topology/ports/codec.ts'
import type { EventLog, FetchInfo, LogRecord } from '@mastery/topology/ports/event-log.ts'
import { FencedError, TransientError } from '@mastery/topology/ports/failure.ts'
import type { Claim, StateScope, StateStore } from '@mastery/topology/ports/state-store.ts'
import type { Telemetry } from '@mastery/topology/ports/telemetry.ts'
import { crashPoint } from './crash-points.ts'
import { foldHistory, type History, HistoryGap } from './history.ts'
import { type DeadLetter, deadLetterRecord, decodeAll, type PartitionLogic, type Sealer } from './logic.ts'
import type { Meter } from './ops/meters.ts'

export interface RunnerParts {
  stage: string
  version: string
  log: EventLog
  state: StateStore
  codec: Codec
  sealer: Sealer
  telemetry: Telemetry
  /** The topic holds bytes that nobody has read yet: they are handed on as they are. */
  raw: boolean
  report(nextOffset: number): Promise<void>
  /** What the group was told last; a state that knows less was lost. */
  reported?(): Promise<number | null>
  /** Records that the log no longer has. */
  history?: History
  /** All that it keeps is in a store of its own, and was there before it was reported: nothing needs folding again. */
  sink?: boolean
  /** Of a log that no longer begins at its beginning it takes what there is, where it has no state of its own yet. */
  joinsLate?: boolean
  /** Names of the numbered steps as they happen, for the test of their order. */
  trace?(step: string): void
  /** Waits before trying again, milliseconds; grows. */
  backoff?(attempt: number): number
  /** Default: a timer of the process. */
  sleep?(ms: number): Promise<void>
  /** Milliseconds, rising. Without it batches are folded whole, however long that takes. */
  clock?(): number
  /** Counts what it does. */
  meter?: Meter
  stopping(): boolean
}

const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms))

/** Records that are decoded at a time, at most. */
const SLICE = 256
const LEAST_SLICE = 16
/** A slice that takes longer is too large. */
const SLICE_MS = 500
/** Folding for so long, what was folded is committed: a stop, a rebalance or a kill loses no more than that. */
const COMMIT_MS = 2_000

export { FencedError } from '@mastery/topology/ports/failure.ts'

/**
 * The commit protocol for one partition of one topic. State is the truth, the group's offset a hint. The numbers are
 * the steps' order; the test of this file asserts it.
 */
export class PartitionRunner {
  private epoch = 0
  private next = 0
  private claimed = false
  readonly scope: StateScope
  private readonly logic: PartitionLogic
  private readonly parts: RunnerParts
  /** Why the partition stands still; null while it runs. */
  stopped: string | null = null
  /** Why it folds records again, until it has reached what the group was told; null otherwise. */
  rebuilding: string | null = null
  private told: number | null = null
  private untouched = false
  private slice = SLICE

  constructor(scope: StateScope, logic: PartitionLogic, parts: RunnerParts) {
    this.scope = scope
    this.logic = logic
    this.parts = parts
  }

  get nextOffset(): number {
    return this.next
  }

  /** Whether it knows where it stands. */
  get isClaimed(): boolean {
    return this.claimed
  }

  /** 1. Claim: raise the owner epoch, learn where to read on, and refuse a log that no longer begins there. */
  async claim(owner: string): Promise<number> {
    this.parts.trace?.('1 claim')
    const c = await this.retrying('claim', () => this.parts.state.claim(this.scope, owner))
    this.epoch = c.epoch
    this.next = c.nextOffset
    this.logic.reset(c.meta)
    this.untouched = c.meta === null && c.nextOffset === 0
    this.claimed = true
    this.stopped = null
    this.told = (await this.retrying('reported offset', async () => this.parts.reported?.())) ?? null
    this.rebuilding = this.told !== null && this.told > c.nextOffset ? this.lost(c, this.told) : null
    return this.next
  }

  /** Commits come before reports: a state behind the reported offset is not the one that was committed. */
  private lost({ nextOffset, meta }: Claim, told: number): string {
    const { stage, topic, partition } = this.scope
    const flushed = meta === null && nextOffset === 0
    const what = flushed
      ? `the state store has nothing of ${stage} for ${topic} partition ${partition}, though it had read up to offset ${told}: the store was flushed or replaced`
      : `the state store was set back: ${stage} had read ${topic} partition ${partition} up to offset ${told}, its state ends at ${nextOffset}`
    const message = `rebuilding: ${what}. The records since offset ${nextOffset} are folded again, to the same states; readers drop the outputs that they have seen.`
    this.parts.telemetry.error(message, { stage, topic, partition, reported: told, state: nextOffset })
    this.parts.telemetry.count('state_lost')
    return message
  }

  async batch(records: readonly LogRecord[], fetch: FetchInfo): Promise<void> {
    if (!this.claimed || this.stopped !== null) return fetch.stopPartition()
    // 2. Take the batch. A fetch that began beyond what was asked for has jumped over records.
    this.parts.trace?.('2 take')
    if (fetch.requested > this.next && !(await this.bridged(fetch))) return this.gap(fetch)
    const fresh = records.filter((r) => r.offset >= this.next)
    if (fresh.length > 0) await this.takeAll(fresh, fetch)
  }

  /** As many commits as the time asks for: how records are cut into batches decides nothing else. */
  private async takeAll(fresh: readonly LogRecord[], fetch: FetchInfo): Promise<void> {
    const { meter } = this.parts
    const began = meter?.begin() ?? 0
    let rest = fresh
    do {
      const taken = await this.take(rest, fetch)
      meter?.committed(taken === rest.length ? rest : rest.slice(0, taken), began)
      rest = rest.slice(taken)
    } while (rest.length > 0 && !this.parts.stopping())
  }

  /** Whether nothing was lost though the log begins later: it came from elsewhere, or is where it belongs. */
  private async bridged(fetch: FetchInfo): Promise<boolean> {
    const { history, sink, joinsLate } = this.parts
    if (joinsLate && this.untouched && this.next === 0) {
      this.parts.telemetry.info('begins where the log begins', { ...this.scope, offset: fetch.requested })
      await this.take([], fetch, fetch.requested)
      return true
    }
    if (sink && this.told !== null && this.told >= fetch.requested) return true
    if (!history) return false
    const read = (from: number, max: number) =>
      this.retrying('history', () => history(this.scope.topic, this.scope.partition, from, max), fetch)
    try {
      return await foldHistory(fetch.requested, read, {
        next: () => this.next,
        take: (older) => this.takeAll(older, fetch),
        skipTo: async (offset) => void (await this.take([], fetch, offset)),
      })
    } catch (e) {
      if (!(e instanceof HistoryGap)) throw e
      this.parts.telemetry.error(e.message, { stage: this.scope.stage })
      return false
    }
  }

  /** Folds and commits the first records, as many as fit into `COMMIT_MS`, and gives how many those were. */
  private async take(fresh: readonly LogRecord[], fetch: FetchInfo, skipTo: number | null = null): Promise<number> {
    const { parts, scope } = this
    const expected = this.next
    const fence = { epoch: this.epoch, nextOffset: expected }
    crashPoint(`${scope.stage}.fetched`)

    // 3. Decode; what can't be decoded is set aside with its bytes. 4. Load the states of the keys and fold.
    // In slices, so that the decoded objects die young.
    const dead: DeadLetter[] = []
    const began = parts.clock?.() ?? 0
    let taken = 0
    while (taken < fresh.length) {
      const sliceBegan = parts.clock?.() ?? 0
      const records = fresh.slice(taken, taken + this.slice)
      parts.trace?.('3 decode')
      const slice = await this.retrying('decode', () =>
        decodeAll(parts.codec, scope.topic, scope.partition, records, parts.raw),
      )
      dead.push(...slice.dead)
      if (taken === 0) crashPoint(`${scope.stage}.decoded`)
      parts.trace?.('4 fold')
      await this.retrying('fold', () => this.logic.fold(slice.decoded, fence, fetch.heartbeat), fetch)
      taken += records.length
      if (!parts.clock) continue
      const now = parts.clock()
      this.sized(now - sliceBegan)
      if (now - began > COMMIT_MS) break
    }
    const after = skipTo ?? fresh[taken - 1]!.offset + 1
    const result = await this.logic.finish()
    const outputs = result.outputs
    dead.push(...result.deadLetters)
    const rejects =
      dead.length === 0 ? 0 : await this.retrying('partitions', () => parts.log.partitions('learning.rejects'), fetch)
    for (const d of dead) {
      parts.telemetry.warn('dead letter', {
        stage: scope.stage,
        topic: d.topic,
        partition: d.partition,
        offset: d.raw.offset,
        code: d.code,
        why: d.message,
      })
      parts.telemetry.count('dead_letters')
      outputs.push(deadLetterRecord(d, rejects, scope.stage, parts.version, parts.codec, parts.sealer))
    }
    await fetch.heartbeat()
    crashPoint(`${scope.stage}.folded`)

    // 5. Produce outputs and dead letters and wait for the acknowledgement, where the commit does not carry them.
    if (!parts.state.carriesOutputs && outputs.length > 0) {
      parts.trace?.('5 produce')
      await this.retrying('produce', () => parts.log.append(outputs), fetch)
      crashPoint(`${scope.stage}.produced`, () => outputs.map((o) => o.key))
    }

    // 6. Commit state and offset in one atomic operation, fenced by owner epoch and expected offset.
    parts.trace?.('6 commit')
    const commit = {
      epoch: this.epoch,
      expectedOffset: expected,
      nextOffset: after,
      meta: result.meta,
      changes: result.changes,
      outputs,
    }
    const committed = await this.retrying('commit', () => parts.state.commit(scope, commit), fetch)
    if (committed === 'fenced') {
      this.claimed = false
      throw new FencedError(
        `${scope.stage} no longer owns ${scope.topic} partition ${scope.partition}: another process has claimed it since, or the state store has lost it. This process stops; nothing of its last batch was stored.`,
      )
    }
    this.next = after
    if (dead.length > 0) parts.meter?.tally.setAside(dead.length)
    if (this.told !== null && after >= Math.min(this.told, fetch.highWatermark || this.told)) this.rebuilding = null
    crashPoint(`${scope.stage}.committed`)
    parts.telemetry.count(`${scope.stage}.records`, taken)

    // 7. Report the offset to the group, for lag displays. Its loss costs nothing.
    parts.trace?.('7 report')
    await parts.report(after)
    crashPoint(`${scope.stage}.reported`)
    return taken
  }

  /** Where a slice takes long, as with trained models and late answers, the next one is smaller. */
  private sized(tookMs: number): void {
    if (tookMs > SLICE_MS) this.slice = Math.max(LEAST_SLICE, this.slice >> 1)
    else if (tookMs < SLICE_MS / 4) this.slice = Math.min(SLICE, this.slice << 1)
  }

  private gap(fetch: FetchInfo): void {
    const { topic, partition, stage } = this.scope
    this.stopped =
      `${stage} stopped reading ${topic} partition ${partition}: its state ends before offset ${this.next}, but the log gave offset ${fetch.requested}. ` +
      `Records ${this.next} to ${fetch.requested - 1} are gone from the log (retention, or a recreated topic). ` +
      (this.rebuilding === null ? '' : 'They would be needed to fold its lost state again. ') +
      'Restore the topic, or rebuild this stage as a new generation from gold ("npx mastery replay"); going on would lose them without a trace.'
    this.parts.telemetry.error(this.stopped, { stage, topic, partition, expected: this.next, got: fetch.requested })
    fetch.stopPartition()
  }

  /** Runs `work`; where a dependency fails in a way that passes, waits and runs it again, alive for the group. */
  private async retrying<T>(what: string, work: () => Promise<T>, fetch?: FetchInfo): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work()
      } catch (e) {
        if (!(e instanceof TransientError) || this.parts.stopping()) throw e
        const wait = this.parts.backoff?.(attempt) ?? Math.min(5000, 100 * attempt * attempt)
        this.parts.telemetry.warn(`${what} failed, trying again in ${wait} ms: ${e.message}`, {
          stage: this.scope.stage,
          topic: this.scope.topic,
          partition: this.scope.partition,
          attempt,
        })
        this.parts.telemetry.count('retries')
        this.parts.meter?.tally.retried()
        await (this.parts.sleep ?? pause)(wait)
        await fetch?.heartbeat()
      }
    }
  }
}
