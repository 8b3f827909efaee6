import { describe, expect, it } from 'vitest'
import type { EventLog } from '../ports/event-log.ts'
import { FencedError } from '../ports/failure.ts'
import type { Claim, StateCommit, StateScope, StateStore } from '../ports/state-store.ts'

export interface OpenState {
  state: StateStore
  /** The log that shares the store's transactions; only where `carriesOutputs`. */
  log?: EventLog
  close(): Promise<void>
}

/** Opens the store at a place. Handles of one place see the same state; a place that was never opened is empty. */
export type OpenStateAt = (place: string) => Promise<OpenState>

const SCOPE: StateScope = { stage: 'contract', generation: 1, topic: 'learning.events', partition: 0 }

const bytes = (...values: number[]) => Uint8Array.from(values)
const plain = (b: Uint8Array | null | undefined) => (b ? Array.from(b) : null)

function commitOf(claim: Pick<Claim, 'epoch' | 'nextOffset'>, change: Partial<StateCommit> = {}): StateCommit {
  return {
    epoch: claim.epoch,
    expectedOffset: claim.nextOffset,
    nextOffset: claim.nextOffset + 1,
    meta: bytes(9),
    changes: [],
    outputs: [],
    ...change,
  }
}

async function keysOf(state: StateStore, scope: StateScope): Promise<string[]> {
  const keys: string[] = []
  for await (const key of state.keys(scope)) keys.push(key)
  return keys.sort()
}

type Work = (state: StateStore, more: { log?: EventLog; again(): Promise<StateStore> }) => Promise<void>

/** Gives each test a place of its own, and closes what was opened there. */
function placesOf(open: OpenStateAt, prefix: string): (work: Work) => Promise<void> {
  let places = 0
  return async (work) => {
    const place = `${prefix}${++places}`
    const opened: OpenState[] = []
    const next = async () => {
      const o = await open(place)
      opened.push(o)
      return o
    }
    try {
      const first = await next()
      await work(first.state, { ...(first.log ? { log: first.log } : {}), again: async () => (await next()).state })
    } finally {
      for (const o of opened.reverse()) await o.close()
    }
  }
}

/** What every state store guarantees. */
export function stateStoreContract(name: string, open: OpenStateAt): void {
  describe(`state store contract: ${name}`, { timeout: 30_000 }, () => {
    const use = placesOf(open, 'state')

    it('begins at offset 0 with nothing', () =>
      use(async (state) => {
        expect(await state.peek(SCOPE)).toBeNull()
        const claim = await state.claim(SCOPE, 'a')
        expect({ nextOffset: claim.nextOffset, meta: claim.meta }).toEqual({ nextOffset: 0, meta: null })
        expect(await state.load(SCOPE, ['x', 'y'])).toEqual([null, null])
        expect(await state.load(SCOPE, [])).toEqual([])
        expect(await keysOf(state, SCOPE)).toEqual([])
        expect(await state.peek(SCOPE)).toBeNull()
      }))

    it('gives back what was committed, to any handle and to the next owner', () =>
      use(async (state, { again }) => {
        const claim = await state.claim(SCOPE, 'a')
        const changes = [
          ['x', bytes(0, 1, 255)],
          ['empty', bytes()],
          ['學生 👩‍🎓\u0001', bytes(7)],
        ] as const
        expect(await state.commit(SCOPE, commitOf(claim, { nextOffset: 12, meta: bytes(0, 255), changes }))).toBe(
          'committed',
        )
        const other = await again()
        const loaded = await other.load(SCOPE, ['學生 👩‍🎓\u0001', 'nobody', 'x', 'empty'])
        expect(loaded.map(plain)).toEqual([[7], null, [0, 1, 255], []])
        expect(await keysOf(other, SCOPE)).toEqual(['empty', 'x', '學生 👩‍🎓\u0001'].sort())
        const peeked = await other.peek(SCOPE)
        expect([peeked?.nextOffset, plain(peeked?.meta)]).toEqual([12, [0, 255]])
        const next = await other.claim(SCOPE, 'b')
        expect([next.nextOffset, plain(next.meta)]).toEqual([12, [0, 255]])
        expect(next.epoch).toBeGreaterThan(claim.epoch)
      }))

    it('overwrites a key, keeps the others, and keeps an empty meta apart from none', () =>
      use(async (state) => {
        const claim = await state.claim(SCOPE, 'a')
        await state.commit(
          SCOPE,
          commitOf(claim, {
            changes: [
              ['x', bytes(1)],
              ['y', bytes(2)],
            ],
          }),
        )
        await state.commit(
          SCOPE,
          commitOf({ ...claim, nextOffset: 1 }, { meta: bytes(), changes: [['x', bytes(3, 4)]] }),
        )
        expect((await state.load(SCOPE, ['x', 'y'])).map(plain)).toEqual([[3, 4], [2]])
        const next = await state.claim(SCOPE, 'a')
        expect([next.nextOffset, plain(next.meta)]).toEqual([2, []])
        expect(plain((await state.peek(SCOPE))?.meta)).toEqual([])
      }))

    it('fences the owner whose claim was overtaken, and stores nothing of its commit', () =>
      use(async (state) => {
        const old = await state.claim(SCOPE, 'old')
        const young = await state.claim(SCOPE, 'young')
        expect(young.epoch).toBeGreaterThan(old.epoch)
        const late = commitOf(old, { nextOffset: 5, meta: bytes(1), changes: [['x', bytes(1)]] })
        expect(await state.commit(SCOPE, late)).toBe('fenced')
        expect(await state.load(SCOPE, ['x'])).toEqual([null])
        expect(await state.peek(SCOPE)).toBeNull()
        expect(await state.commit(SCOPE, commitOf(young, { changes: [['x', bytes(2)]] }))).toBe('committed')
        expect(await state.commit(SCOPE, late)).toBe('fenced')
        expect((await state.load(SCOPE, ['x'])).map(plain)).toEqual([[2]])
      }))

    it('gives states to the owner only, and only while the store stands where the owner left it', () =>
      use(async (state) => {
        const old = await state.claim(SCOPE, 'old')
        expect(await state.load(SCOPE, ['x'], { epoch: old.epoch, nextOffset: 0 })).toEqual([null])
        await state.commit(SCOPE, commitOf(old, { nextOffset: 5, changes: [['x', bytes(1)]] }))
        const fence = { epoch: old.epoch, nextOffset: 5 }
        expect((await state.load(SCOPE, ['x'], fence)).map(plain)).toEqual([[1]])
        for (const nextOffset of [0, 4, 6])
          await expect(state.load(SCOPE, ['x'], { ...fence, nextOffset })).rejects.toThrow(FencedError)
        const young = await state.claim(SCOPE, 'young')
        await expect(state.load(SCOPE, ['x'], fence)).rejects.toThrow(FencedError)
        expect((await state.load(SCOPE, ['x'], { ...fence, epoch: young.epoch })).map(plain)).toEqual([[1]])
        await expect(state.load({ ...SCOPE, stage: 'never claimed' }, ['x'], fence)).rejects.toThrow(FencedError)
      }))

    it("answers 'already' to the very same commit, and stores it once", () =>
      use(async (state, { again }) => {
        const claim = await state.claim(SCOPE, 'a')
        const commit = commitOf(claim, { nextOffset: 7, changes: [['x', bytes(1)]] })
        expect(await state.commit(SCOPE, commit)).toBe('committed')
        expect(await state.commit(SCOPE, commit)).toBe('already')
        expect(await (await again()).commit(SCOPE, commit)).toBe('already')
        expect((await state.peek(SCOPE))?.nextOffset).toBe(7)
      }))

    it('stores all of a commit or nothing of it', () =>
      use(async (state) => {
        const claim = await state.claim(SCOPE, 'a')
        await state.commit(SCOPE, commitOf(claim, { nextOffset: 10, meta: bytes(1), changes: [['x', bytes(1)]] }))
        const changes = Array.from({ length: 500 }, (_, i) => [`k${i}`, bytes(i % 256)] as const)
        for (const wrong of [9, 11, 0])
          expect(
            await state.commit(
              SCOPE,
              commitOf(claim, { expectedOffset: wrong, nextOffset: 20, meta: bytes(2), changes }),
            ),
          ).toBe('fenced')
        expect(await keysOf(state, SCOPE)).toEqual(['x'])
        const peeked = await state.peek(SCOPE)
        expect([peeked?.nextOffset, plain(peeked?.meta)]).toEqual([10, [1]])
      }))

    it('takes 5,000 binary values in one commit', () =>
      use(async (state) => {
        const claim = await state.claim(SCOPE, 'a')
        const value = (i: number) => Uint8Array.from({ length: i % 700 }, (_, j) => (i * 31 + j * 7) % 256)
        const changes = Array.from({ length: 5_000 }, (_, i) => [`student-${i}`, value(i)] as const)
        const meta = Uint8Array.from({ length: 200_000 }, (_, i) => i % 256)
        expect(await state.commit(SCOPE, commitOf(claim, { nextOffset: 5_000, meta, changes }))).toBe('committed')
        const asked = Array.from({ length: 5_001 }, (_, i) => `student-${5_000 - i}`)
        const loaded = await state.load(SCOPE, asked)
        expect(loaded[0]).toBeNull()
        expect(loaded.slice(1).every((b, i) => b !== null && Buffer.from(value(4_999 - i)).equals(b))).toBe(true)
        expect((await keysOf(state, SCOPE)).length).toBe(5_000)
        expect(Buffer.from(meta).equals((await state.peek(SCOPE))!.meta)).toBe(true)
      }))

    it('keeps scopes apart', () =>
      use(async (state) => {
        const scopes: StateScope[] = [
          SCOPE,
          { ...SCOPE, partition: 1 },
          { ...SCOPE, generation: 2 },
          { ...SCOPE, topic: 'learning.features' },
          { ...SCOPE, stage: 'contract2' },
        ]
        for (const [i, scope] of scopes.entries()) {
          const claim = await state.claim(scope, 'a')
          expect(claim.nextOffset).toBe(0)
          const change = {
            nextOffset: 10 + i,
            changes: [
              ['x', bytes(i)],
              [`own${i}`, bytes(1)],
            ],
          } as const
          expect(await state.commit(scope, commitOf(claim, change))).toBe('committed')
        }
        for (const [i, scope] of scopes.entries()) {
          expect((await state.load(scope, ['x'])).map(plain)).toEqual([[i]])
          expect(await keysOf(state, scope)).toEqual([`own${i}`, 'x'])
          expect((await state.peek(scope))?.nextOffset).toBe(10 + i)
        }
      }))

    it('lets exactly one of many competing owners commit', () =>
      use(async (state) => {
        const claims = await Promise.all(Array.from({ length: 8 }, (_, i) => state.claim(SCOPE, `o${i}`)))
        expect(new Set(claims.map((c) => c.epoch)).size).toBe(8)
        const results = await Promise.all(
          claims.map((c, i) => state.commit(SCOPE, commitOf(c, { changes: [['x', bytes(i)]] }))),
        )
        const winner = claims.findIndex((c) => c.epoch === Math.max(...claims.map((o) => o.epoch)))
        expect(results).toEqual(claims.map((_, i) => (i === winner ? 'committed' : 'fenced')))
        expect((await state.load(SCOPE, ['x'])).map(plain)).toEqual([[winner]])
      }))

    it('keeps offsets beyond 2^32 exact', () =>
      use(async (state) => {
        const claim = await state.claim(SCOPE, 'a')
        const far = 9_007_199_254_740_990
        expect(await state.commit(SCOPE, commitOf(claim, { nextOffset: far }))).toBe('committed')
        expect(await state.commit(SCOPE, commitOf({ ...claim, nextOffset: far - 1 }, { nextOffset: 1 }))).toBe('fenced')
        expect((await state.claim(SCOPE, 'b')).nextOffset).toBe(far)
      }))

    it('forgets a dropped scope and fences its owner; its neighbours stay', () =>
      use(async (state) => {
        const other = { ...SCOPE, generation: 2 }
        const claim = await state.claim(SCOPE, 'one')
        const near = await state.claim(other, 'one')
        const change = { changes: [['a', bytes(1)] as const, ['b', bytes(2)] as const] }
        await state.commit(SCOPE, commitOf(claim, change))
        await state.commit(other, commitOf(near, change))
        await state.drop(SCOPE)
        expect(await state.commit(SCOPE, commitOf({ ...claim, nextOffset: 1 }))).toBe('fenced')
        expect(await keysOf(state, SCOPE)).toEqual([])
        expect(await state.peek(SCOPE)).toBe(null)
        expect((await state.claim(SCOPE, 'two')).nextOffset).toBe(0)
        expect(await keysOf(state, other)).toEqual(['a', 'b'])
        await state.drop(SCOPE)
      }))
  })
}

/** What a store guarantees besides whose transactions hold the outputs, too. */
export function carriedOutputsContract(name: string, open: OpenStateAt): void {
  describe(`state store contract, outputs: ${name}`, { timeout: 30_000 }, () => {
    const use = placesOf(open, 'outputs')

    it('appends outputs with the state or not at all', () =>
      use(async (state, { log }) => {
        expect(state.carriesOutputs).toBe(true)
        await log!.ensureTopics(['mastery.scores'], 1)
        const output = (text: string) =>
          ({ topic: 'mastery.scores', partition: 0, key: 'k', value: Buffer.from(text), timestamp: 1 }) as const
        const old = await state.claim(SCOPE, 'old')
        const claim = await state.claim(SCOPE, 'a')
        const commit = commitOf(claim, { outputs: [output('a'), output('b')] })
        expect(await state.commit(SCOPE, commit)).toBe('committed')
        expect(await state.commit(SCOPE, commit)).toBe('already')
        expect(await state.commit(SCOPE, commitOf(old, { outputs: [output('late')] }))).toBe('fenced')
        const got = await log!.read('mastery.scores', 0, 0, 10)
        expect(got.map((r) => r.value.toString())).toEqual(['a', 'b'])
      }))
  })
}
