import { describe, expect, it } from 'vitest'
import { type Answer, type AnswerLog, AnswerLogBuilder } from '../evaluation/answer-log.ts'
import { answersOf, logOf } from '../evaluation/testing/answers.ts'
import { hash53 } from '../events/hash.ts'
import { BKT } from '../models/bkt/model.ts'
import { MODELS } from '../models/catalog.ts'
import { IRT } from '../models/irt/model.ts'
import type { MasteryModel } from '../models/model.ts'
import { foldLog } from './fold.ts'

const FITTED = BKT.parse({
  topics: {
    a: { prior: 0.3, learn: 0.2, slip: 0.1, guess: 0.2 },
    b: { prior: 0.6, learn: 0.1, slip: 0.2, guess: 0.3, forget: 0.05 },
  },
})
type Row = [student: string, topics: string[], right: number, bundle?: string]

function logFrom(rows: readonly Row[]): AnswerLog {
  const b = new AnswerLogBuilder()
  rows.forEach(([student, topics, right, bundle], row) => {
    b.add({ student, item: null, topics, correct: right === 1, at: Number.NaN, bundle: bundle ?? null, row })
  })
  return b.build()
}
const predictions = (rows: readonly Row[]) => [...foldLog(BKT, FITTED, logFrom(rows))]

const A = 0.7 * 0.2 + 0.3 * 0.9
const B = 0.4 * 0.3 + 0.6 * 0.8

describe('folding a log', () => {
  it('predicts a row with several topics by their mean', () => {
    expect(predictions([['s', ['a', 'b'], 1]])[0]).toBeCloseTo((A + B) / 2, 14)
  })

  it('lets each topic of a row learn once', () => {
    const both = predictions([
      ['s', ['a', 'b'], 1],
      ['s', ['a'], 0],
      ['s', ['b'], 0],
    ])
    expect(both[1]).toBe(
      predictions([
        ['s', ['a'], 1],
        ['s', ['a'], 0],
      ])[1],
    )
    expect(both[2]).toBe(
      predictions([
        ['s', ['b'], 1],
        ['s', ['b'], 0],
      ])[1],
    )
  })

  it('predicts all of a bundle before any of it is learned, and then learns all of it', () => {
    const rows: Row[] = [
      ['s', ['a'], 1, 'x'],
      ['s', ['a'], 0, 'x'],
      ['s', ['a'], 1, 'x'],
      ['s', ['a'], 1],
    ]
    const bundled = predictions(rows)
    expect(bundled.slice(0, 3)).toEqual([bundled[0], bundled[0], bundled[0]])
    expect(bundled[0]).toBeCloseTo(A, 14)
    expect(bundled[3]).toBe(predictions(rows.map(([s, t, r]): Row => [s, t, r]))[3])
  })

  it('begins anew with every student', () => {
    const one: Row[] = [
      ['s', ['a', 'b'], 0],
      ['s', ['a'], 1],
      ['s', ['b'], 1],
    ]
    const two = one.map(([, t, r]): Row => ['other', t, r])
    expect(predictions([...one, ...two])).toEqual([...predictions(one), ...predictions(one)])
  })
})

/** The stage's rules with maps and one answer at a time, for any model. */
function naive<P>(model: MasteryModel<P>, params: P, answers: readonly Answer[]): number[] {
  const states = new Map<string, { mine: Float64Array; topics: Map<string, Float64Array> }>()
  const stateOf = (s: string) => {
    let state = states.get(s)
    if (!state) {
      states.set(s, (state = { mine: new Float64Array(8), topics: new Map() }))
      model.initStudent(params, state.mine, 0)
    }
    return state
  }
  const ask = (a: Answer) => {
    const { mine, topics } = stateOf(a.student)
    return a.topics.map((topicName) => {
      let slots = topics.get(topicName)
      if (!slots) {
        topics.set(topicName, (slots = new Float64Array(8)))
        model.initTopic(params, topicName, slots, 0)
      }
      const score = a.correct ? 1 : 0
      const item = a.item === null ? 0 : hash53(a.item)
      const { at, correct } = a
      const o = { at, topicName, item, kind: 2, hints: a.extra?.['hints'] ?? 0, score, correct, weight: 1 }
      return { o, slots, p: model.predict(params, mine, 0, slots, 0, o) }
    })
  }
  const mean = (all: { p: number }[]) => all.reduce((sum, x) => sum + x.p, 0) / all.length
  const out: number[] = []
  for (let i = 0; i < answers.length; ) {
    const { student, bundle } = answers[i]!
    const together = answers.slice(i).findIndex((a) => a.student !== student || a.bundle !== bundle)
    const rows = answers.slice(i, together < 0 ? answers.length : i + together)
    for (const a of rows) out.push(mean(ask(a)))
    for (const a of rows) {
      const all = ask(a)
      const { mine } = stateOf(a.student)
      for (const { o, slots, p } of all) model.learnTopic(params, mine, 0, slots, 0, o, p)
      model.learnStudent(params, mine, 0, all[0]!.o, mean(all))
    }
    i += rows.length
  }
  return out
}

describe.each([...MODELS.filter((m) => m.id !== IRT.id), IRT].map((m) => [m.id, m] as const))(
  'folding %s',
  (_id, model) => {
    it('gives what the definition gives on answers with bundles, several topics and rows without item', () => {
      const answers = answersOf(4, { students: 25, answers: 30 })
      const folded = foldLog(model, model.defaults, logOf(answers))
      expect([...folded]).toEqual(naive(model, model.defaults, answers))
    })
  },
)
