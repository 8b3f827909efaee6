import { describe, expect, it } from 'vitest'
import { foldHistory, type HistoryRecord } from '../../history/fold.ts'
import { exact } from '../../testing/exact.ts'
import { answer, command, DAY, DAY_ZERO, eventInput, MINUTE, marker, voiding } from '../../testing/learner-log.ts'
import { bothStages, type Input, RING, TopologyDriver } from '../../testing/topology-driver.ts'
import { writeScores } from './checkpoint.ts'
import { inForce } from './in-force.ts'
import { SCORE_META, type ScoreMeta } from './meta.ts'
import { SCORE_STATE, type ScoreState } from './state.ts'
import { beforeRing } from './take-up.ts'
import { learnWhole } from './together.ts'
import { topicScore } from './topic-score.ts'

const TINY = { min: 16, max: 90, days: 5 }
const STUDENT = 'student-1'
const FITTED = {
  default: { prior: 0.4, learn: 0.3, slip: 0.05, guess: 0.25 },
  topics: { ratios: { prior: 0.6, learn: 0.02, slip: 0.12, guess: 0.3 } },
}
const ELO = { ability: 0.2, abilityDecay: 0.01, topic: 0.5, topicDecay: 0.03, difficulty: {} }
const prepare = [marker('prepare', 'bkt', 'fitted', FITTED), marker('prepare', 'elo', 'fitted', ELO)]
const activate = [marker('activate', 'bkt', 'fitted'), marker('activate', 'elo', 'fitted')]
const fitted: ScoreMeta = {
  ...SCORE_META.empty(''),
  active: new Map([
    ['bkt', { version: 'fitted', payload: JSON.stringify(FITTED) }],
    ['elo', { version: 'fitted', payload: JSON.stringify(ELO) }],
  ]),
}

/** Topics come up one after the other, so that some lie before every ring. */
const event = (i: number) =>
  answer(`e${i}`, {
    occurred_at: DAY_ZERO + i * DAY,
    score: (i * 7) % 5 < 2 ? 0 : 1,
    item: `item-${i % 9}`,
    topics: i < 40 ? ['geometry'] : i % 3 === 0 ? ['ratios', 'algebra'] : [i % 2 ? 'ratios' : 'algebra'],
  })
const events = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => eventInput(event(from + i)))
const settle = command('settle', 'warm')

/** A driver, and what it was sent. */
class Run {
  readonly sent: Input[] = []
  readonly driver = new TopologyDriver(bothStages(RING, TINY), { cut: () => true })

  send(...inputs: Input[]): this {
    this.sent.push(...inputs)
    this.driver.send(...inputs)
    return this
  }

  get state(): ScoreState {
    return this.driver.state<ScoreState>('scoring', STUDENT)
  }

  get records(): HistoryRecord[] {
    return this.sent.flatMap((r, offset): HistoryRecord[] =>
      r.subject === 'learning-event' || r.subject === 'student-command' ? [{ ...r, offset } as HistoryRecord] : [],
    )
  }

  folded(meta: ScoreMeta) {
    return foldHistory(STUDENT, this.records, { ring: TINY, days: [7, 30, 90], scoring: meta })
  }

  /** What the job makes of the history so far. */
  async warm(id: string, after = this.sent.length - 1): Promise<Input> {
    const { opportunities } = foldHistory(STUDENT, this.records, {
      ring: TINY,
      days: [7],
      scoring: fitted,
      whole: true,
    })
    const s = beforeRing(this.state, opportunities)
    await learnWhole([s], fitted, undefined)
    const payload = Buffer.from(writeScores({ versions: inForce(fitted).versions, state: s }))
    return command(id, 'warm', { payload, after_offset: after })
  }

  /** Rows of the state and those that the history gives, under the fitted versions. */
  rows(): [string, string] {
    const of = (s: ScoreState) =>
      exact(
        s.sets.topics.names
          .map((_, t) => topicScore(s, t, fitted, null, 0))
          .sort((a, b) => (a.topic < b.topic ? -1 : 1)),
      )
    return [of(this.state), of(this.folded(fitted).scores)]
  }
}

describe('versions that come into force', () => {
  it('have learned the whole history of a student who was prepared, whatever came in between', async () => {
    const run = new Run().send(...events(0, 200), ...prepare)
    const warm = await run.warm('warm')
    const late = eventInput(
      answer('late', { occurred_at: DAY_ZERO + 195 * DAY + MINUTE, topics: ['algebra'], score: 0 }),
    )
    run.send(warm, ...events(200, 210), late, eventInput(voiding('v', 'e198')), ...activate)
    expect(run.state.prepared).not.toBeNull()
    const predicted = () => run.driver.scores().at(-1)!
    run.send(...events(210, 211))
    expect(run.rows()[0]).toBe(run.rows()[1])
    expect(run.state).toMatchObject({ prepared: null, cut: false, stale: false })
    // Every topic has its row, also one that lies long before the ring.
    expect(new Set(predicted().rows.map((r) => r.topic))).toEqual(new Set(['geometry', 'ratios', 'algebra']))
    const alone = new TopologyDriver(bothStages()).send(...prepare, ...activate, ...run.sent.filter(isEvent))
    expect(exact(predicted().predictions)).toBe(exact(alone.scores().at(-1)!.predictions))
    run.send(...events(211, 320))
    expect(run.rows()[0]).toBe(run.rows()[1])
    expect(run.state.ring.n).toBeLessThan(100)
  })

  it('have it also where the student does not come back, once the state is asked for it', async () => {
    const run = new Run().send(...events(0, 200), ...prepare)
    run.send(await run.warm('warm'), ...activate, settle)
    expect(run.rows()[0]).toBe(run.rows()[1])
    const last = run.driver.scores().at(-1)!
    expect(last).toMatchObject({ cause: 'warmed', stale: false, predictions: [] })
    expect(last.rows.flatMap((r) => r.scores.map((s) => s.version))).toContain('fitted')
    expect(last.rows).toHaveLength(3)
  })

  it('begin with what the ring holds where nothing was prepared, and the state says so when it is asked', () => {
    const run = new Run().send(...events(0, 200), ...prepare, ...activate, ...events(200, 201))
    expect(run.rows()[0]).not.toBe(run.rows()[1])
    expect(run.state).toMatchObject({ cut: true, stale: false })
    run.send(settle)
    expect(run.state.stale).toBe(true)
    expect(run.driver.scores().at(-1)).toMatchObject({ cause: 'outdated', stale: true })
  })

  it('learn the whole history again of whoever has it at hand', () => {
    const run = new Run().send(...events(0, 60), ...prepare, ...activate, ...events(60, 61))
    expect(run.state.base).toBeNull()
    expect(run.rows()[0]).toBe(run.rows()[1])
    expect(run.state.cut).toBe(false)
  })

  it('are prepared anew where the state went on, or something of the past came', async () => {
    const run = new Run().send(...events(0, 200), ...prepare)
    const warm = await run.warm('too late')
    run.send(...events(200, 201), warm)
    expect(run.state.prepared).toBeNull()
    expect(run.driver.features().at(-1)!.disposition).toBe('outdated')
    // Read in time, but what lies before the ring is another part of the history by now.
    const elsewhere = await run.warm('elsewhere', 10_000)
    run.send(...events(201, 290), elsewhere)
    expect(run.state.prepared).toBeNull()
    expect(run.driver.scores().at(-1)).toMatchObject({ cause: 'outdated' })
    run.send(await run.warm('again'))
    expect(run.state.prepared).not.toBeNull()
  })

  it('know nothing of a student who was erased in between', async () => {
    const run = new Run().send(...events(0, 200), ...prepare)
    const warm = await run.warm('warm')
    run.send(warm, command('gone', 'erase', { issued_at: DAY_ZERO + 300 * DAY }), warm, ...activate, settle)
    expect(run.state.current.known).toBe(0)
    expect(run.state).toMatchObject({ prepared: null, base: null })
    expect(run.driver.scores().at(-1)!.rows).toEqual([])
  })

  it('are given up where they do not come into force, so that the ring stays bounded', async () => {
    const run = new Run().send(...events(0, 200), ...prepare)
    run.send(await run.warm('warm'), ...events(200, 1100))
    expect(run.state.prepared).not.toBeNull()
    expect(run.state.ring.n).toBeGreaterThan(900)
    run.send(...events(1100, 1500))
    expect(run.state.prepared).toBeNull()
    expect(run.state.ring.n).toBeLessThan(300)
  })
})

describe('a state of an earlier build', () => {
  it('is read, and brought to the versions in force with the next answer', () => {
    const run = new Run().send(...events(0, 60))
    const now = SCORE_STATE.encode(run.state)
    // Format 2 lacks the eight bytes of the versions, which stand behind the flags.
    const before = Uint8Array.from([2, ...now.slice(1, 10), ...now.slice(18)])
    const s = SCORE_STATE.decode(before, STUDENT)
    expect(s.versions).toBe(0)
    s.versions = run.state.versions
    expect(Buffer.from(SCORE_STATE.encode(s)).equals(Buffer.from(now))).toBe(true)
  })
})

const isEvent = (i: Input) => i.subject === 'learning-event'
