import { describe, expect, it } from 'vitest'
import { studentStarts } from '../../evaluation/answer-log.ts'
import { Random } from '../../school/random.ts'
import { plantedAnswers } from '../../testing/planted-answers.ts'
import { dropoutMask, groupsOf, stretchesOf, studentsIn } from './batches.ts'
import { encodeLog } from './learner.ts'
import { offsetsOf } from './offsets.ts'
import { kindCount, kindFinder, kindOfTopic, kindRows, kindsOf, vocabularyOf } from './vocabulary.ts'

const log = plantedAnswers(4, 30, 25)
const students = log.students.map((_, s) => s)

describe('stretches', () => {
  it.each([1, 2, 7, 100])('hold every row once, in order, and divide no bundle, at %i rows each', (most) => {
    const starts = studentStarts(log)
    for (const s of students) {
      const found = stretchesOf(log, s, starts[s]!, starts[s + 1]!, most)
      expect(found.flatMap((f) => Array.from({ length: f.to - f.from }, (_, i) => f.from + i))).toEqual(
        Array.from({ length: starts[s + 1]! - starts[s]! }, (_, i) => starts[s]! + i),
      )
      for (const { from, to } of found) {
        expect(to - from).toBeLessThanOrEqual(Math.max(most, 3))
        if (from > starts[s]!) expect(log.bundle[from]).not.toBe(log.bundle[from - 1])
      }
    }
  })
})

describe('groups', () => {
  it('hold every student once, within the bounds, in other company with another random', () => {
    const all = studentsIn(log, students, 10)
    const of = (random: Random | null) => groupsOf(all, 60, 8, random).map((g) => g.map((s) => s.student))
    for (const groups of [of(null), of(new Random(1)), of(new Random(2))]) {
      expect(groups.flat().sort((a, b) => a - b)).toEqual(students)
      for (const g of groups) expect(g.length).toBeLessThanOrEqual(8)
    }
    expect(of(new Random(1))).toEqual(of(new Random(1)))
    expect(of(new Random(1))).not.toEqual(of(new Random(2)))
  })

  it('keep to the rows of a batch', () => {
    for (const group of groupsOf(studentsIn(log, students, 10), 60, 8, new Random(3))) {
      const longest = Math.max(...group.map((s) => s.stretches[0]!.to - s.stretches[0]!.from))
      expect(group.length === 1 || longest * group.length <= 60).toBe(true)
    }
  })
})

describe('dropout', () => {
  it('keeps the mean and hides the share, and hides nothing without random', () => {
    const mask = dropoutMask(40_000, 0.25, new Random(5))
    expect(mask.reduce((a, b) => a + b, 0) / mask.length).toBeCloseTo(1, 1)
    expect(mask.filter((m) => m === 0).length / mask.length).toBeCloseTo(0.25, 1)
    expect(new Set(dropoutMask(10, 0.25, null))).toEqual(new Set([1]))
  })
})

describe('the vocabulary', () => {
  const v = vocabularyOf(log)
  const find = kindFinder(v)

  it('gives each item a kind with its topics, and unknown items that of their first known topic', () => {
    const kinds = kindsOf(v, log)
    for (let r = 0; r < log.size; r++) expect(kinds[r]).toBeGreaterThan(v.topics.length)
    expect(find('never seen', ['nor this', 'ratios'])).toBe(kindOfTopic(v.topics.indexOf('ratios')))
    expect(find('never seen', ['nor this'])).toBe(0)
    expect(find(null, ['algebra'])).toBe(kindOfTopic(v.topics.indexOf('algebra')))
  })

  it('shares a kind between its topics in equal parts', () => {
    const rows = kindRows(v)
    expect(rows.slots).toBe(2)
    expect(rows.item).toHaveLength(kindCount(v))
    const two = find('item-7', [])
    const shares = [...rows.share.subarray(two * 2, two * 2 + 2)]
    expect(shares).toEqual([0.5, 0.5])
    const named = [...rows.topic.subarray(two * 2, two * 2 + 2)].map((t) => v.topics[t - 1])
    expect(new Set(named)).toEqual(new Set(['ratios', 'algebra']))
    for (let kind = 1; kind < kindCount(v); kind++) expect(rows.share[kind * 2]! + rows.share[kind * 2 + 1]!).toBe(1)
  })

  it('makes combinations of topics kinds where there are no items, in whatever order they are named', () => {
    const itemless = { ...log, item: new Int32Array(log.size).fill(-1), items: [] }
    const own = vocabularyOf(itemless)
    const of = kindFinder(own)
    expect(of(null, ['ratios', 'algebra'])).toBe(of(null, ['algebra', 'ratios']))
    expect(of(null, ['ratios', 'algebra'])).toBeGreaterThan(own.topics.length)
  })
})

describe('offsets', () => {
  const v = vocabularyOf(log)
  const data = encodeLog(v, log)
  const of = (who: readonly number[]) => offsetsOf(data, who, v.items.length + 1, v.topics.length + 1)

  it('order items by how often they are answered right, and leave the unknown item where its topic is', () => {
    const { item, base } = of(students)
    const rate = (i: number) => {
      const rows = [...log.correct].filter((_, r) => log.items[log.item[r]!] === v.items[i]!.slice('item '.length))
      return rows.reduce((a, b) => a + b, 0) / rows.length
    }
    const rates = v.items.map((_, i) => rate(i))
    const easiest = rates.indexOf(Math.max(...rates))
    const hardest = rates.indexOf(Math.min(...rates))
    expect(item[1 + easiest]! - item[1 + hardest]!).toBeGreaterThan(1)
    expect(item[0]).toBe(0)
    const mean = log.correct.reduce((a, b) => a + b, 0) / log.size
    expect(1 / (1 + Math.exp(-base))).toBeCloseTo(mean, 2)
  })

  it('know nothing of students who are not trained on', () => {
    const nobody = of([])
    expect([...nobody.item, ...nobody.topic, nobody.base].every((x) => Math.abs(x) < 1e-6)).toBe(true)
    const some = students.slice(0, 10)
    const others = { ...log, correct: log.correct.map((c, r) => (log.student[r]! < 10 ? c : 1 - c)) }
    expect(offsetsOf(encodeLog(v, others), some, v.items.length + 1, v.topics.length + 1)).toEqual(of(some))
  })
})
