import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hash53 } from '../../events/hash.ts'
import { Random } from '../../school/random.ts'
import { type AnswerLog, studentsOf } from '../answer-log.ts'
import { AnswerTable, sampledBy } from './answer-table.ts'
import { loaderFormat } from './formats.ts'
import { StudentSample } from './student-sample.ts'

/** The longest run of students, in the order of their hashes, whose answers are at most `most`; one at least. */
function expected(answersOf: ReadonlyMap<string, number>, most: number, seed: number): Set<string> {
  const order = [...answersOf.keys()].sort(
    (a, b) => hash53(`${seed}\u001fsample\u001f${a}`) - hash53(`${seed}\u001fsample\u001f${b}`),
  )
  const kept = new Set<string>()
  let sum = 0
  for (const s of order) {
    sum += answersOf.get(s)!
    if (sum > most && kept.size > 0) break
    kept.add(s)
  }
  return kept
}

describe('a sample of students', () => {
  it('is the students of the least hashes, whatever the order in which they come', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 300 }),
        fc.integer({ min: 1, max: 120 }),
        fc.integer({ min: 0, max: 3 }),
        (draws, most, seed) => {
          const kept = new Map<string, number>()
          const sample = new StudentSample(most, seed, (s) => expect(kept.delete(s)).toBe(true))
          const counts = new Map<string, number>()
          for (const d of draws) {
            const s = `s${d}`
            counts.set(s, (counts.get(s) ?? 0) + 1)
            if (!sample.admits(s)) continue
            kept.set(s, (kept.get(s) ?? 0) + 1)
            sample.add(s)
          }
          const names = expected(counts, most, seed)
          expect(new Set(kept.keys())).toEqual(names)
          // Of those who stayed no answer is missing.
          for (const [s, n] of kept) expect(n).toBe(counts.get(s))
          expect(sample.answers).toBe([...kept.values()].reduce((a, b) => a + b, 0))
          expect(sample.share < 1).toBe(names.size < counts.size)
        },
      ),
    )
  })
})

/** Everything of every row, by name: numbers of names may differ. */
function described(log: AnswerLog) {
  return [...log.row].map((row, r) => ({
    row,
    student: log.students[log.student[r]!],
    item: log.items[log.item[r]!] ?? null,
    topics: [...log.topic.subarray(log.topicStart[r], log.topicStart[r + 1])].map((t) => log.topics[t]),
    rest: [log.correct[r], log.at[r], log.bundle[r], ...[...log.extra].map(([name, c]) => `${name} ${c[r]}`)],
  }))
}

const build = (t: AnswerTable, byTime: boolean) => t.build({ clock: true, byTime, instants: true })

function filled(most: number | null, students: number, answers: number): AnswerTable {
  const random = new Random(5)
  const t = new AnswerTable(most === null ? undefined : { most, seed: 2 })
  for (let r = 0; r < answers; r++) {
    const item = random.between(0, 300)
    t.add(`s${random.between(0, students - 1)}`, item === 0 ? null : `i${item}`, item % 3 > 0, (r * 7919) % 100_003, r)
    t.topic(`t${item % 20}`)
    if (item % 5 === 0) t.topic(`u${item % 7}`)
    if (item % 2 === 0) t.extra('hints', item)
  }
  return t
}

describe('a table with a bound', () => {
  it.each([true, false])('holds what the students of its sample have in the whole table; by time: %s', (byTime) => {
    const whole = build(filled(null, 1000, 150_000), byTime)
    const t = filled(10_000, 1000, 150_000)
    const part = build(t, byTime)
    const names = new Set(part.students)
    expect(part.size).toBeLessThanOrEqual(10_000)
    expect(part.size).toBeGreaterThan(9_500)
    expect(described(part)).toEqual(described(studentsOf(whole, (s) => names.has(whole.students[s]!))))
    expect(sampledBy(t)!.share).toBeGreaterThan(0.8 / 15)
    expect(sampledBy(t)!.share).toBeLessThan(1.2 / 15)
  })

  it('is the whole one where there is room', () => {
    expect(build(filled(1000, 10, 1000), true)).toEqual(build(filled(null, 10, 1000), true))
    expect(sampledBy(filled(1000, 10, 1000))).toBeNull()
  })
})

describe('formats under a bound', () => {
  const riiid = () => {
    const random = new Random(3)
    const lines = ['timestamp,user_id,content_id,content_type_id,task_container_id,answered_correctly,tags']
    const clock = new Map<number, number>()
    for (let r = 0; r < 3000; r++) {
      const user = random.between(1, 60)
      const at = (clock.get(user) ?? 0) + 1000
      clock.set(user, at)
      lines.push(`${at},${user},${random.between(0, 50)},0,${r},${random.between(0, 1)},${random.between(0, 9)}`)
    }
    return `${lines.join('\n')}\n`
  }

  it('keep the students whom they keep as without one, to the attempt', () => {
    const read = (bound?: { most: number; seed: number }) => {
      const source = loaderFormat('riiid').source({
        options: {},
        columns: [],
        skipRejects: false,
        ...(bound && { bound }),
      })
      const file = source.open({ fileName: 'train.csv', companions: {} })
      file.push(riiid())
      file.end()
      return source.build()
    }
    const { log: whole } = read()
    const { log, sampled, rows } = read({ most: 500, seed: 1 })
    const names = new Set(log.students)
    expect(names.size).toBeGreaterThan(5)
    expect(log.size).toBeLessThanOrEqual(500)
    expect(described(log)).toEqual(described(studentsOf(whole, (s) => names.has(whole.students[s]!))))
    expect(rows).toBe(3000)
    expect(sampled!.share).toBeLessThan(1)
  })
})
