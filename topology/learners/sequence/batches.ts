import { type AnswerLog, studentStarts } from '../../evaluation/answer-log.ts'
import type { Random } from '../../school/random.ts'

/** Part of one student's rows: from `from` up to, not including, `to`. */
export interface Stretch {
  student: number
  from: number
  to: number
}

/**
 * Cuts a student's rows into stretches of at most `most` rows that never divide a bundle, but one bundle that is longer
 * stays whole.
 */
export function stretchesOf(log: AnswerLog, student: number, first: number, end: number, most: number): Stretch[] {
  const found: Stretch[] = []
  let from = first
  while (from < end) {
    let to = Math.min(end, from + most)
    while (to > from && to < end && log.bundle[to] === log.bundle[to - 1]) to--
    if (to === from) for (to = from + 1; to < end && log.bundle[to] === log.bundle[to - 1]; ) to++
    found.push({ student, from, to })
    from = to
  }
  return found
}

export interface Student {
  student: number
  stretches: Stretch[]
  rows: number
}

export function studentsIn(log: AnswerLog, students: ArrayLike<number>, most: number): Student[] {
  const starts = studentStarts(log)
  return Array.from(students, (student) => {
    const stretches = stretchesOf(log, student, starts[student]!, starts[student + 1]!, most)
    return { student, stretches, rows: starts[student + 1]! - starts[student]! }
  }).filter((s) => s.rows > 0)
}

/**
 * Groups students of like length, so that little is padded: at most `rows` rows in a group's first stretches and at most
 * `width` students. With `random` the lengths are blurred and the groups shuffled: other groups in each epoch.
 */
export function groupsOf(
  students: readonly Student[],
  rows: number,
  width: number,
  random: Random | null,
): Student[][] {
  const blur = (s: Student) => (random === null ? s.rows : s.rows * (1 + 0.3 * random.uniform()))
  const sorted = students.map((s) => [s, blur(s)] as const).sort((a, b) => b[1] - a[1])
  const groups: Student[][] = []
  let group: Student[] = []
  let longest = 0
  for (const [s] of sorted) {
    const length = Math.max(longest, s.stretches[0]!.to - s.stretches[0]!.from)
    if (group.length > 0 && (group.length >= width || (group.length + 1) * length > rows)) {
      groups.push(group)
      group = []
      longest = 0
    }
    group.push(s)
    longest = Math.max(longest, s.stretches[0]!.to - s.stretches[0]!.from)
  }
  if (group.length > 0) groups.push(group)
  if (random !== null)
    for (let i = groups.length - 1; i > 0; i--) {
      const j = Math.floor(random.uniform() * (i + 1))
      ;[groups[i], groups[j]] = [groups[j]!, groups[i]!]
    }
  return groups
}

/** 1 / (1 - rate) with probability 1 - rate, else 0; the rate is rounded to 1/256. */
export function dropoutMask(size: number, rate: number, random: Random | null): Float32Array {
  const mask = new Float32Array(size)
  const threshold = Math.round(rate * 256)
  if (random === null || threshold === 0) return mask.fill(1)
  const kept = 256 / (256 - threshold)
  for (let i = 0; i < size; i += 4) {
    const word = Math.floor(random.uniform() * 4294967296)
    for (let k = 0; k < 4 && i + k < size; k++) mask[i + k] = ((word >>> (8 * k)) & 255) < threshold ? 0 : kept
  }
  return mask
}
