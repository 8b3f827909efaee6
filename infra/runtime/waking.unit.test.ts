import type { LogRecord } from '@mastery/topology/ports/event-log.ts'
import { TransientError } from '@mastery/topology/ports/failure.ts'
import type { StateScope } from '@mastery/topology/ports/state-store.ts'
import type { Stage } from '@mastery/topology/stage.ts'
import { JSON_CODEC } from '@mastery/topology/testing/counting-stage.ts'
import { MemoryState } from '@mastery/topology/testing/memory.ts'
import { describe, expect, it } from 'vitest'
import { FoldLogic } from './fold-logic.ts'
import type { Decoded } from './logic.ts'

const json = <T>(empty: () => T) => ({
  empty,
  encode: (value: T) => Buffer.from(JSON.stringify(value)),
  decode: (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString('utf8')) as T,
})

/** Counts what each key was sent; a tick tells the counts of all keys that were sent something since the last one. */
const CLOCK: Stage<{ sent: number; told: number }, { waiting: string[] }> = {
  name: 'clock',
  inputs: ['learning.events'],
  outputs: ['learning.features'],
  state: json(() => ({ sent: 0, told: 0 })),
  meta: json(() => ({ waiting: [] as string[] })),
  keyOf: (r) => (r.subject === 'tick' ? null : r.key),
  wakes: (_record, meta) => meta.waiting,
  step(record, state, meta, woken) {
    if (state !== null) {
      state.sent++
      if (!meta.waiting.includes(record.key)) meta.waiting.push(record.key)
      return { type: 'ok', outputs: [] }
    }
    meta.waiting = []
    const outputs = [...(woken ?? [])].map(([key, s]) => {
      s.told++
      return { topic: 'learning.features' as const, subject: 'feature-record' as const, key, value: { ...s } }
    })
    return { type: 'ok', outputs }
  },
}

const SCOPE: StateScope = { stage: 'clock', generation: 0, topic: 'learning.events', partition: 0 }

/** A key is a record of that key, '' a tick. */
function records(...keys: string[]): Decoded[] {
  return keys.map((key, offset) => ({
    raw: { offset, key, value: Buffer.alloc(0), timestamp: 0 } satisfies LogRecord,
    record: {
      subject: key === '' ? 'tick' : 'learning-event',
      key,
      value: {},
      origin: { topic: 'learning.events', partition: 0, offset },
    },
  }))
}

async function run(log: readonly Decoded[], cut: number, options: { cached?: number; failures?: number } = {}) {
  const state = new MemoryState()
  const load = state.load.bind(state)
  let failures = options.failures ?? 0
  const epoch = (await state.claim(SCOPE, 'a')).epoch
  const logic = new FoldLogic(CLOCK, SCOPE, state, JSON_CODEC, options.cached ?? 100)
  logic.reset(null)
  const told: unknown[] = []
  let next = 0
  for (let at = 0; at < log.length; at += cut) {
    const part = log.slice(at, at + cut)
    const fence = { epoch, nextOffset: next }
    // The store fails in the middle of the slice: where the first tick of it wakes somebody.
    let calls = 0
    state.load = async (...args) => {
      if (++calls > 1 && failures-- > 0) throw new TransientError('down')
      return load(...args)
    }
    for (;;) {
      try {
        await logic.fold(part, fence)
        break
      } catch (e) {
        if (!(e instanceof TransientError)) throw e
      }
    }
    const { outputs, changes, meta } = await logic.finish()
    told.push(...outputs.map((o) => [o.key, JSON_CODEC.decode(o.value).value]))
    const after = part.at(-1)!.record.origin.offset + 1
    const commit = { epoch, expectedOffset: next, nextOffset: after, meta, changes, outputs: [] }
    expect(await state.commit(SCOPE, commit)).toBe('committed')
    next = after
  }
  return told
}

const LOG = records('a', 'b', '', 'a', '', '', 'c', 'a', '', 'b', 'b', '')
const TOLD = [
  ['a', { sent: 1, told: 1 }],
  ['b', { sent: 1, told: 1 }],
  ['a', { sent: 2, told: 2 }],
  ['c', { sent: 1, told: 1 }],
  ['a', { sent: 3, told: 3 }],
  ['b', { sent: 3, told: 2 }],
]

describe('a tick that wakes keys', () => {
  it.each([1, 2, 3, 5, 100])('has their states, in batches of %i', async (cut) => {
    expect(await run(LOG, cut)).toEqual(TOLD)
  })

  it('has one state per key, whatever the cache lets go of', async () => {
    expect(await run(LOG, 100, { cached: 2 })).toEqual(TOLD)
    expect(await run(LOG, 4, { cached: 2 })).toEqual(TOLD)
  })

  it('folds no record twice where the store did not answer in the middle of them', async () => {
    // A tick alone in its slice after the keys' states were dropped from the cache has to load them.
    const wide = records(...Array.from({ length: 40 }, (_, i) => `k${i}`), '', 'a', '')
    const whole = await run(wide, 100)
    expect(await run(wide, 20, { cached: 4, failures: 3 })).toEqual(whole)
    expect(whole).toHaveLength(41)
  })
})
