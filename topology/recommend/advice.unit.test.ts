import { describe, expect, it } from 'vitest'
import { ELO, type EloParams } from '../models/elo/model.ts'
import { type GraphTopic, topicGraph } from '../progress/graph.ts'
import { contextOf, DIMENSION } from './context.ts'
import { itemReason, nextItems, shrunkShare, successOn } from './next-items.ts'
import { candidatesOf, nextTopics, topicReason } from './next-topics.ts'
import { StudentView, type TopicState } from './view.ts'

const DAY = 86_400_000
const NOW = 1000 * DAY
const TARGETS = { mastered: 0.7, ready: 0.6 }
const topic = (id: string, ...prerequisites: string[]): GraphTopic => ({
  id,
  name: id.toUpperCase(),
  chapter: '',
  subject: '',
  course: '',
  prerequisites,
})
const graph = topicGraph([topic('a'), topic('b', 'a'), topic('c', 'b'), topic('d'), topic('e', 'a', 'd'), topic('f')])
const decays = { usual: 0.1, topics: new Map([['d', 0]]) }
const view = (states: Record<string, [mastery: number, days: number, n?: number]>) =>
  new StudentView(
    graph,
    new Map(
      Object.entries(states).map(([id, [mastery, days, n = 10]]): [string, TopicState] => [
        id,
        { mastery, opportunities: n, at: NOW - days * DAY },
      ]),
    ),
    decays,
    NOW,
  )

describe('next topics', () => {
  it('are the weakest with their prerequisites met, forgetting taken off, then new ones', () => {
    // After 30 days a decay of 0.1 leaves 71 %: a has fallen below what lets b begin, d forgets nothing.
    const v = view({ a: [0.8, 30], b: [0.3, 0], d: [0.65, 400] })
    expect(v.mastery('a')).toBeCloseTo(0.8 * 31 ** -0.1, 12)
    const { next, waiting } = nextTopics(v, TARGETS)
    expect(next.map((t) => [t.topic, t.kind])).toEqual([
      ['a', 'forgotten'],
      ['d', 'weak'],
      ['f', 'new'],
    ])
    expect(waiting).toEqual([
      { topic: 'b', name: 'B', for: ['A'] },
      { topic: 'c', name: 'C', for: ['B'] },
      { topic: 'e', name: 'E', for: ['A'] },
    ])
    expect(next.map(topicReason)).toEqual([
      'Was at 80 % after the last answer; by now about 57 % is left (10 answers, the last 30 days ago).',
      'Mastery is 65 % after 10 answers, the last 400 days ago.',
      'No answers on it yet, and it builds on nothing else.',
    ])
  })

  it('open once what they build on is there, and do not hold up who is well into them', () => {
    const v = view({ a: [0.9, 0], b: [0.2, 1, 1], d: [0.1, 0], e: [0.65, 0] })
    const { next } = nextTopics(v, TARGETS)
    expect(next.map((t) => t.topic)).toEqual(['d', 'b', 'e', 'f'])
    expect(topicReason(next[1]!)).toBe(
      'Mastery is 19 % (20 % after the last answer, some of it forgotten since) after 1 answer, the last yesterday; A, which it builds on, is there.',
    )
    // d is not there: nothing is said of what e builds on.
    expect(topicReason(next[2]!)).toBe('Mastery is 65 % after 10 answers, the last today.')
  })

  it('leave a policy something to choose from in every case', () => {
    expect(candidatesOf(view({}), TARGETS)).toEqual([0, 3, 5])
    const all = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f'].map((t) => [t, [0.9, 0] as [number, number]]))
    expect(candidatesOf(view(all), TARGETS)).toEqual([0, 1, 2, 3, 4, 5])
  })

  it('are judged by what is known of them', () => {
    const v = view({ a: [0.8, 30], d: [0.4, 400, 30] })
    const [one, mastery, room, readiness, unseen, idle, evidence, overall, forgotten] = contextOf(v, 0)
    expect([one, unseen, readiness]).toEqual([1, 0, 1])
    expect(mastery).toBeCloseTo(0.8 * 31 ** -0.1, 12)
    expect(room).toBeCloseTo(4 * mastery! * (1 - mastery!), 12)
    expect(idle).toBeCloseTo(Math.log(31) / Math.log(61), 12)
    expect(evidence).toBe(0.5)
    expect(overall).toBeCloseTo((0.5 * 0.8 + 0.75 * 0.4) / 1.25, 12)
    expect(forgotten).toBeCloseTo(0.8 - mastery!, 12)
    const e = contextOf(v, 4)
    expect([e[1], e[4], e[5], e[6]]).toEqual([overall, 1, 0, 0])
    expect(e[3]).toBeCloseTo((mastery! + 0.4) / 2, 12)
    expect(contextOf(view({}), 0)).toHaveLength(DIMENSION)
  })
})

describe('next items', () => {
  it('succeed as Elo itself says where its difficulties are known', () => {
    const params: EloParams = { ...ELO.defaults, difficulty: new Map([[7, 0.8]]) }
    const student = Float64Array.of(0.4, 3)
    const topics = Float64Array.of(-0.1, 2)
    const asked = { at: 0, topicName: 't', kind: 0, hints: 0, score: 0, correct: false, weight: 1 }
    const usual = ELO.predict(params, student, 0, topics, 0, { ...asked, item: 0 })
    const own = ELO.predict(params, student, 0, topics, 0, { ...asked, item: 7 })
    expect(successOn(usual, { source: 'elo', difficulty: 0.8 })).toBeCloseTo(own, 12)
    expect(successOn(usual, { source: 'irt', difficulty: 0.8, discrimination: 1, guessing: 0 })).toBeCloseTo(own, 12)
    expect(successOn(usual, { source: 'irt', difficulty: 0.8, discrimination: 1, guessing: 0.25 })).toBeCloseTo(
      0.25 + 0.75 * own,
      12,
    )
  })

  it('succeed as others did, shifted by how the student does', () => {
    const item = { source: 'p-value', share: 0.6, topicShare: 0.6, answers: 10 } as const
    expect(successOn(0.8, item)).toBeCloseTo(0.8, 12)
    expect(successOn(0.6, { ...item, share: 0.3 })).toBeCloseTo(0.3, 12)
    expect(shrunkShare(0, 0, 0.6)).toBe(0.6)
    expect(shrunkShare(30, 30, 0.6)).toBeCloseTo((30 + 12) / 50, 12)
  })

  it('lie nearest to the target; what was just answered right rests', () => {
    const on = (item: string, share: number, days: number | null = null, right: boolean | null = null) => ({
      item,
      difficulty: { source: 'p-value' as const, share, topicShare: 0.5, answers: 30 },
      lastAt: days === null ? null : NOW - days * DAY,
      lastCorrect: right,
    })
    const offer = [
      on('hard', 0.2),
      on('rests', 0.7, 3, true),
      on('again', 0.68, 3, false),
      on('old', 0.72, 30, true),
      on('easy', 0.9),
    ]
    const found = nextItems(offer, 0.5, { target: 0.7, count: 3, now: NOW })
    expect(found.map((i) => [i.item, i.again])).toEqual([
      ['again', true],
      ['old', false],
      ['easy', false],
    ])
    expect(found[0]!.success).toBeCloseTo(0.68, 12)
    expect(found.map((i) => itemReason(i, 0.7))).toEqual([
      'Expected to succeed with 68 % by how others did on it, near the 70 % aimed at; answered wrongly before.',
      'Expected to succeed with 72 % by how others did on it, near the 70 % aimed at.',
      'Expected to succeed with 90 % by how others did on it, easier than the 70 % aimed at.',
    ])
  })
})

describe('new topics', () => {
  it('are the first five that may begin, and none that nobody has placed', () => {
    const many = topicGraph([
      ...Array.from({ length: 8 }, (_, i) => topic(`t${i}`)),
      { ...topic('alone'), alone: true },
    ])
    const nobody = new StudentView(many, new Map(), decays, NOW)
    expect(nextTopics(nobody, TARGETS).next.map((t) => t.topic)).toEqual(['t0', 't1', 't2', 't3', 't4'])
    const begun = new StudentView(many, new Map([['alone', { mastery: 0.2, opportunities: 3, at: NOW }]]), decays, NOW)
    expect(nextTopics(begun, TARGETS).next[0]!.topic).toBe('alone')
  })
})
