import { TransientError } from '@mastery/topology/ports/failure.ts'
import type { StateScope } from '@mastery/topology/ports/state-store.ts'
import { Random } from '@mastery/topology/school/random.ts'
import type { StageRecord } from '@mastery/topology/stage.ts'
import { alertingStage } from '@mastery/topology/stages/alerting/stage.ts'
import { AlertLog, policyOf, smallRoster } from '@mastery/topology/testing/alert-log.ts'
import { JSON_CODEC } from '@mastery/topology/testing/counting-stage.ts'
import { DAY, DAY_ZERO } from '@mastery/topology/testing/learner-log.ts'
import { MemoryState } from '@mastery/topology/testing/memory.ts'
import { describe, expect, it } from 'vitest'
import { FoldLogic } from './fold-logic.ts'

const SCOPE: StateScope = { stage: 'alerts', generation: 0, topic: 'mastery.scores', partition: 0 }
const STUDENTS = Array.from({ length: 30 }, (_, i) => `student-${i}`)
const EASY = { evidence: { attempts: 2, sessions: 1, time: 0 } }
const first = policyOf({
  rules: [
    { id: 'low', kind: 'mastery_below', for: '30h', ...EASY },
    { id: 'absent', kind: 'inactive', after: '3d' },
  ],
})
const second = policyOf({ rules: [{ id: 'absent', kind: 'inactive', after: '2d' }] })

/** Thirty students over some weeks; the rules change half-way, in the midst of records. */
function recorded(seed: number, mostWoken: number): AlertLog {
  const random = new Random(seed)
  const log = new AlertLog({ mostWoken }).roster(smallRoster(STUDENTS)).policy(first).tick(DAY_ZERO)
  let at = DAY_ZERO
  for (let i = 0; i < 400; i++) {
    at += Math.floor((random.uniform() * DAY) / 8)
    const student = STUDENTS[Math.floor(random.uniform() * random.uniform() * 30)]!
    if (random.uniform() < 0.25) log.tick(at)
    else log.answer(random.uniform(), at, { student, correct: random.uniform() < 0.5 })
    if (i === 200) log.policy(second, 'p2').tick(at + 1)
  }
  return log.tick(at + 30 * DAY).tick(at + 31 * DAY)
}

/** A store that can't be reached now and then. */
class Failing extends MemoryState {
  random = new Random(1)
  override async load(...given: Parameters<MemoryState['load']>): ReturnType<MemoryState['load']> {
    if (this.random.uniform() < 0.1) throw new TransientError('The store is away.')
    return super.load(...given)
  }
}

/** What the runtime makes of the records in batches, slices, with failures and restarts. */
async function folded(records: readonly StageRecord[], seed: number, mostWoken: number): Promise<string[]> {
  const random = new Random(seed)
  const store = new Failing()
  const outputs: string[] = []
  const stage = alertingStage({ generation: 0, mostWoken })
  const counts = { input: 1, output: 1 }
  for (let at = 0; at < records.length; ) {
    const claim = await store.claim(SCOPE, 'a')
    const logic = new FoldLogic(stage, SCOPE, store, JSON_CODEC, 2 + Math.floor(random.uniform() * 8), counts)
    logic.reset(claim.meta)
    for (let batches = 1 + Math.floor(random.uniform() * 5); batches > 0 && at < records.length; batches--) {
      const fence = { epoch: claim.epoch, nextOffset: at }
      const until = Math.min(records.length, at + 1 + Math.floor(random.uniform() * 40))
      for (let from = at; from < until; ) {
        const to = Math.min(until, from + 1 + Math.floor(random.uniform() * 15))
        const slice = records.slice(from, to).map((record) => ({ record, raw: { timestamp: 0 } as never }))
        for (;;) {
          try {
            await logic.fold(slice, fence)
            break
          } catch (e) {
            if (!(e instanceof TransientError)) throw e
          }
        }
        from = to
      }
      const made = await logic.finish()
      const done = await store.commit(SCOPE, {
        epoch: claim.epoch,
        expectedOffset: at,
        nextOffset: until,
        meta: made.meta,
        changes: made.changes,
        outputs: [],
      })
      expect(done).toBe('committed')
      for (const o of made.outputs)
        outputs.push(`${o.topic} ${o.key} ${JSON.stringify(JSON_CODEC.decode(o.value).value)}`)
      at = until
    }
  }
  return outputs
}

describe('a stage that ticks wake', () => {
  it.each([
    [1, 5_000],
    [2, 5_000],
    [3, 4],
    [4, 1],
  ])(
    'says in batches, with failures and restarts, what it says in one piece (log %i, %i a tick)',
    async (seed, most) => {
      const log = recorded(seed, most)
      const whole = log.driver.steps.flatMap(({ result }) =>
        result.type === 'ok' ? result.outputs.map((o) => `${o.topic} ${o.key} ${JSON.stringify(o.value)}`) : [],
      )
      expect(log.notices().length).toBeGreaterThan(most === 1 ? 5 : 20)
      const records = log.driver.steps.map((s) => s.record)
      for (const cuts of [1, 2, 3]) expect(await folded(records, cuts, most)).toEqual(whole)
    },
  )
})
