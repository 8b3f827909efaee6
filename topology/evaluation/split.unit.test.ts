import { describe, expect, it } from 'vitest'
import { foldOf, splitByStudent, splitFew } from './split.ts'
import { answersOf, logOf } from './testing/answers.ts'

const log = logOf(answersOf(4, { students: 50, answers: 6 }))

describe('split by student', () => {
  it('tests every answer once over the folds, and never fits on a student that it tests', () => {
    const tested: number[] = []
    for (let fold = 0; fold < 5; fold++) {
      const { train, test } = splitByStudent(log, 5, fold, 1)
      expect(train.students.filter((s) => test.students.includes(s))).toEqual([])
      expect(train.size + test.size).toBe(log.size)
      tested.push(...test.row)
    }
    expect(tested.sort((a, b) => a - b)).toEqual([...log.row].sort((a, b) => a - b))
  })

  it('leaves a student where it is when others come, and moves students with the seed', () => {
    const moved = log.students.filter((s) => foldOf(s, 5, 1) !== foldOf(s, 5, 2))
    expect(moved.length).toBeGreaterThan(20)
    const { test } = splitByStudent(log, 5, 2, 1)
    const more = logOf([
      ...answersOf(5, { students: 9, answers: 3, prefix: 'more-' }),
      ...answersOf(4, { students: 50, answers: 6 }),
    ])
    const again = splitByStudent(more, 5, 2, 1).test.students.filter((s) => !s.startsWith('more-'))
    expect(new Set(again)).toEqual(new Set(test.students))
  })

  it('makes folds of about equal size', () => {
    const sizes = [0, 0, 0, 0, 0]
    for (let i = 0; i < 5000; i++) sizes[foldOf(`student ${i}`, 5, 1)]!++
    for (const n of sizes) expect(Math.abs(n - 1000)).toBeLessThan(120)
  })

  it('of a handful of students keeps one at least aside', () => {
    for (let students = 2; students < 12; students++)
      for (let seed = 1; seed < 5; seed++) {
        const few = logOf(answersOf(2, { students, answers: 4 }))
        const { train, test } = splitFew(few, 5, seed)
        const aside = Math.max(1, Math.floor(students / 5))
        expect([train.students.length, test.students.length]).toEqual([students - aside, aside])
        expect(train.size + test.size).toBe(few.size)
        expect(train.students.filter((s) => test.students.includes(s))).toEqual([])
      }
    expect(() => splitFew(logOf(answersOf(1, { students: 1, answers: 4 })), 5, 1)).toThrow(/two or more/)
  })

  it('says that too few students can be parted', () => {
    expect(() => splitByStudent(logOf(answersOf(1, { students: 1, answers: 4 })), 5, 0, 1)).toThrow(/fewer folds/)
  })
})
