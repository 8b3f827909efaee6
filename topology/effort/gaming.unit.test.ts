import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeWithData, sharedData } from '../importers/testing/shared-data.ts'
import { DatashopActions } from './datashop-actions.ts'
import { withinEdits } from './edit-distance.ts'
import { GAMING_PATTERNS, GamingDetector, GamingTally, PATTERN_LENGTHS, type TutorAction } from './gaming.ts'

const SLOW = 20_000
const FAST = 2_000

/** `wrong 12 at p/s fast`: kind, answer, context, pause. */
function action(text: string): TutorAction {
  const [, kind, answer, problem, step, pace] = /^(\w+)(?: (\S+))? at (\w+)\/(\w+)(?: (fast))?$/.exec(text)!
  return {
    kind: kind as TutorAction['kind'],
    answer: answer ?? null,
    choice: false,
    problem: problem!,
    step: step!,
    pauseMs: pace === 'fast' ? FAST : SLOW,
  }
}

function lastFound(texts: readonly string[]): number[] {
  const detector = new GamingDetector()
  const bits = texts.map((t) => detector.next(action(t))).at(-1)!
  return GAMING_PATTERNS.flatMap((_, i) => ((bits >> i) & 1 ? [i + 1] : []))
}

describe('the thirteen patterns', () => {
  it.each<[number, string[]]>([
    [1, ['wrong 1234 at p/a', 'wrong 1234 at p/b fast']],
    [2, ['wrong 123 at p/a', 'wrong 124 at p/a', 'right 125 at p/a']],
    [3, ['wrong 123 at p/a', 'wrong 124 at p/a', 'right 124 at p/b']],
    [4, ['wrong 1234 at p/a fast', 'wrong 9876 at p/a fast', 'right 5555 at p/a fast']],
    [5, ['wrong 123 at p/a', 'wrong 124 at p/a', 'right 99999 at p/a fast']],
    [6, ['help at p/a', 'wrong 123 at p/a fast', 'wrong 124 at p/a']],
    [7, ['wrong 1234 at p/a', 'wrong 1234 at p/b', 'help at p/c']],
    [8, ['bug 1234 at p/a', 'right 1234 at p/b', 'bug 77 at p/b']],
    [9, ['wrong 123 at p/a', 'wrong 124 at p/a', 'wrong 99999 at p/b']],
    [10, ['wrong 99999 at p/a', 'wrong 123 at p/b', 'wrong 124 at p/b']],
    [11, ['wrong 123 at p/a', 'wrong 124 at p/a', 'help at p/a fast', 'wrong 125 at p/a']],
    [12, ['help at p/a', 'wrong 123 at p/a', 'wrong 99999 at p/a', 'wrong 124 at p/a']],
    [13, ['wrong 123 at p/a', 'wrong 99999 at p/a', 'wrong 124 at p/a', 'help at p/a fast']],
  ])('number %i is found in its shortest example, and alone', (pattern, texts) => {
    expect(texts).toHaveLength(PATTERN_LENGTHS[pattern - 1]!)
    expect(lastFound(texts)).toEqual([pattern])
    expect(lastFound(texts.slice(1))).toEqual([])
  })

  it.each([
    [['wrong 1234 at p/a', 'wrong 1234 at p/b']],
    [['wrong 1234 at p/a', 'wrong 9876 at p/a', 'right 5555 at p/a']],
    [['right 123 at p/a fast', 'right 124 at p/b fast', 'right 125 at p/c fast']],
    [['help at p/a', 'help at p/a fast', 'help at p/a fast', 'right 12 at p/a fast']],
    [['wrong at p/a', 'wrong at p/a', 'wrong at p/a']],
  ])('are not found in %j', (texts) => {
    expect(lastFound(texts)).toEqual([])
  })

  it('take two options for alike only where they are the same', () => {
    const choose = (o: string): TutorAction => ({ ...action(`wrong ${o} at p/a`), choice: true })
    const detector = new GamingDetector()
    expect(['a', 'b', 'c'].map((o) => detector.next(choose(o)))).toEqual([0, 0, 0])
    expect(['d', 'd', 'd'].map((o) => detector.next(choose(o))).at(-1)).not.toBe(0)
  })

  const anyAction = fc.record({
    kind: fc.constantFrom('right', 'wrong', 'wrong', 'bug', 'help') as fc.Arbitrary<TutorAction['kind']>,
    pauseMs: fc.constantFrom(1000, 4000, 5000, 5500, 6000, 9000, Number.NaN),
    answer: fc.constantFrom(null, '1', '12', '13', '7777', '7778', 'abcdef'),
    choice: fc.constant(false),
    problem: fc.constantFrom('p', 'q'),
    step: fc.constantFrom('a', 'b'),
  })

  it('are those of their definitions, whatever a student does', () => {
    fc.assert(
      fc.property(fc.array(anyAction, { maxLength: 30 }), (actions) => {
        const tally = new GamingTally()
        const part = new Set<number>()
        const completed = GAMING_PATTERNS.map(() => 0)
        actions.forEach((a, i) => {
          const bits = tally.add(a)
          DEFINITIONS.forEach((holds, p) => {
            const length = PATTERN_LENGTHS[p]!
            const expected =
              i + 1 >= length && holds(...(actions.slice(i + 1 - length, i + 1) as [TutorAction, ...TutorAction[]]))
            expect([i, p + 1, ((bits >> p) & 1) === 1]).toEqual([i, p + 1, expected])
            if (!expected) return
            completed[p]!++
            for (let k = i + 1 - length; k <= i; k++) part.add(k)
          })
        })
        const open = GAMING_PATTERNS.map(() => 0)
        expect(tally.counts).toEqual({ actions: actions.length, gaming: part.size, patterns: completed, open })
      }),
      { numRuns: 300 },
    )
  })
})

describe('what is not kept', () => {
  const whole = fc.record({
    kind: fc.constantFrom('right', 'wrong', 'wrong', 'bug', 'help') as fc.Arbitrary<TutorAction['kind']>,
    pauseMs: fc.constantFrom(1000, 4500, 5500, 9000),
    answer: fc.constantFrom(null, '1', '12', '7777'),
    choice: fc.constant(false),
    problem: fc.constantFrom('p', 'q'),
    step: fc.constant('a'),
  })
  const losing = fc.record({ action: whole, answer: fc.boolean(), bug: fc.boolean() })
  const without = ({
    action: a,
    answer,
    bug,
  }: {
    action: TutorAction
    answer: boolean
    bug: boolean
  }): TutorAction => ({
    ...a,
    kind: bug && a.kind === 'bug' ? 'wrong' : a.kind,
    answer: answer && a.kind !== 'help' ? null : a.answer,
    lost: { answer: answer && a.kind !== 'help', bug },
  })

  it('leaves open what it could change, and nothing that it could not', () => {
    let opened = 0
    fc.assert(
      fc.property(fc.array(losing, { minLength: 2, maxLength: 12 }), (actions) => {
        const [all, some] = [new GamingDetector(), new GamingDetector()]
        for (const a of actions) {
          const [truth, found] = [all.next(a.action), some.next(without(a))]
          // What is certain is so; what is so is certain or open; nothing is both.
          expect(found & ~truth).toBe(0)
          expect(truth & ~(found | some.open)).toBe(0)
          expect(found & some.open).toBe(0)
          if (actions.every((x) => !x.answer && !x.bug)) expect(some.open).toBe(0)
          opened |= some.open
        }
      }),
      { numRuns: 1500, seed: 3 },
    )
    expect(opened).toBe((1 << GAMING_PATTERNS.length) - 1)
  })

  it('is certain of three fast guesses in three places, and open in one', () => {
    const guess = (place: string) => ({ ...action(`wrong at p/${place} fast`), lost: { answer: true } })
    const at = (places: string) => {
      const detector = new GamingDetector()
      const bits = [...places].map((x) => detector.next(guess(x))).at(-1)!
      return [(bits >> 3) & 1, (detector.open >> 3) & 1]
    }
    expect(at('abc')).toEqual([1, 0])
    expect(at('aba')).toEqual([1, 0])
    expect(at('aab')).toEqual([0, 1])
  })
})

type Definition = (...window: TutorAction[]) => boolean
const isWrong = (a: TutorAction) => ['wrong', 'bug'].includes(a.kind)
const place = (a: TutorAction) => `${a.problem}/${a.step}`
const like = (a: TutorAction, b: TutorAction) =>
  a.answer !== null && b.answer !== null && distance(a.answer, b.answer) <= 2
const equal = (a: TutorAction, b: TutorAction) => a.answer !== null && a.answer === b.answer
const isGuess = (a: TutorAction) => a.kind !== 'help' && a.pauseMs < 6000
const noThought = (a: TutorAction) => a.kind === 'help' && a.pauseMs <= 5000
const anyLike = (...as: TutorAction[]) => as.some((a, i) => as.some((b, j) => i < j && like(a, b)))

/** Each pattern as the literature words it, over a window of its length. */
const DEFINITIONS: Definition[] = [
  (x, y) => isWrong(x!) && isWrong(y!) && isGuess(y!) && equal(x!, y!) && place(x!) !== place(y!),
  (x, y, z) =>
    isWrong(x!) &&
    isWrong(y!) &&
    z!.kind !== 'help' &&
    like(x!, y!) &&
    like(y!, z!) &&
    new Set([x!, y!, z!].map(place)).size === 1,
  (x, y, z) =>
    isWrong(x!) && isWrong(y!) && like(x!, y!) && z!.kind !== 'help' && equal(y!, z!) && place(y!) !== place(z!),
  (x, y, z) =>
    [x!, y!, z!].every(isGuess) &&
    isWrong(x!) &&
    isWrong(y!) &&
    (!equal(x!, y!) || place(x!) !== place(y!)) &&
    (!equal(y!, z!) || place(y!) !== place(z!)),
  (x, y, z) => isWrong(x!) && isWrong(y!) && like(x!, y!) && isGuess(z!),
  (x, y, z) => x!.kind === 'help' && y!.pauseMs < 4000 && isWrong(y!) && isWrong(z!) && like(y!, z!),
  (x, y, z) => isWrong(x!) && isWrong(y!) && equal(x!, y!) && place(x!) !== place(y!) && place(y!) !== place(z!),
  (x, y, z) =>
    x!.kind === 'bug' && y!.kind === 'right' && equal(x!, y!) && place(x!) !== place(y!) && z!.kind === 'bug',
  (x, y, z) => [x!, y!, z!].every(isWrong) && like(x!, y!) && place(y!) !== place(z!),
  (x, y, z) => [x!, y!, z!].every(isWrong) && place(x!) !== place(y!) && like(y!, z!),
  (w, x, y, z) => [w!, x!, z!].every(isWrong) && like(w!, x!) && noThought(y!) && (like(w!, z!) || like(x!, z!)),
  (w, x, y, z) => w!.kind === 'help' && [x!, y!, z!].every(isWrong) && anyLike(x!, y!, z!),
  (w, x, y, z) => [w!, x!, y!].every(isWrong) && noThought(z!) && anyLike(w!, x!, y!),
]

/** Edit distance by its recursive definition. */
function distance(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length
  if (a[0] === b[0]) return distance(a.slice(1), b.slice(1))
  return 1 + Math.min(distance(a.slice(1), b), distance(a, b.slice(1)), distance(a.slice(1), b.slice(1)))
}

describe('edits', () => {
  it('are at most so many where the recursive distance says so', () => {
    const text = fc.string({ maxLength: 6, unit: fc.constantFrom('a', 'b', 'c') })
    fc.assert(
      fc.property(text, text, fc.integer({ min: 0, max: 4 }), (a, b, most) => {
        expect(withinEdits(a, b, most)).toBe(distance(a, b) <= most)
      }),
    )
  })
})

describeWithData('actions of an OLI chemistry course', ['datashop_samples/ds6224_oli_chemistry_tx_2024.txt'], () => {
  it('are all read, in chunks of any size, and some of them are gaming', () => {
    const text = sharedData('datashop_samples/ds6224_oli_chemistry_tx_2024.txt')
    const reader = new DatashopActions()
    const actions = []
    for (let i = 0; i < text.length; i += 10_007) actions.push(...reader.push(text.slice(i, i + 10_007)))
    actions.push(...reader.end())
    const kinds = Map.groupBy(actions, (a) => a.action.kind)
    expect([...kinds].map(([k, list]) => [k, list.length]).sort()).toEqual([
      ['help', 319],
      ['right', 3248],
      ['wrong', 1773],
    ])
    const tally = new GamingTally()
    let last = ''
    for (const { student, session, action: a } of actions) {
      if (`${student}/${session}` !== last) tally.session()
      last = `${student}/${session}`
      tally.add(a)
    }
    expect(tally.counts.actions).toBe(5340)
    expect(tally.counts.gaming / 5340).toBeGreaterThan(0.02)
    expect(tally.counts.gaming / 5340).toBeLessThan(0.4)
  })
})
