export type Json = Record<string, unknown>

export const START = Date.UTC(2025, 2, 3, 8)
export const MINUTE = 60_000
/** Ids that would be known again wherever they turned up. */
export const STUDENTS = Array.from({ length: 6 }, (_, i) => `lovelace-${i}@school.example`)
export const FILED = Array.from({ length: 3 }, (_, i) => `hopper-${i}`)

/** Answers as they should have come. */
export const RIGHT: Json[] = Array.from({ length: 180 }, (_, i) => ({
  id: `e${i}`,
  student: STUDENTS[i % STUDENTS.length],
  kind: 'quiz_attempt',
  item: `q${i % 25}`,
  topics: [`topic-${i % 4}`],
  occurred_at: START + i * 7 * MINUTE,
  ...(i % 3 === 0 ? { score: 0.8 } : { correct: i % 5 !== 0 }),
  response_time_ms: 1000 + i,
}))

/** As German clocks show it. In March Berlin is an hour ahead. */
function inBerlin(at: number): string {
  const [, y, mo, d, h, mi] = /^(\d+)-(\d+)-(\d+)T(\d+):(\d+)/.exec(new Date(at + 60 * MINUTE).toISOString())!
  return `${Number(d)}.${Number(mo)}.${y} ${Number(h)}:${mi}`
}

/** How each kind of mistake spoils a line, and how it is mended: by a fix that comes with it, or one of our own. */
export const MISTAKES: Record<string, { spoil(e: Json): string; fix: string | Json }> = {
  bad_score: { spoil: (e) => JSON.stringify({ ...e, correct: undefined, score: '0,8' }), fix: 'decimal-comma' },
  bad_occurred_at: {
    spoil: (e) => JSON.stringify({ ...e, occurred_at: inBerlin(e['occurred_at'] as number) }),
    fix: 'berlin-times',
  },
  bad_correct: {
    spoil: (e) => JSON.stringify({ ...e, correct: e['correct'] ? 'richtig' : 'falsch' }),
    fix: 'words-for-correct',
  },
  bad_kind: {
    spoil: (e) => JSON.stringify({ ...e, kind: 'QUIZ' }),
    fix: {
      name: 'old-kinds',
      match: { code: 'bad_kind' },
      operations: [{ op: 'map', path: '/kind', values: { QUIZ: 'quiz_attempt' }, others: 'refuse' }],
    },
  },
  missing_student: {
    spoil: ({ student, ...e }) => JSON.stringify({ ...e, learner: ` ${student} ` }),
    fix: {
      name: 'learner-is-student',
      match: { code: 'missing_student', where: [{ path: '/learner', is: 'text' }] },
      operations: [
        { op: 'trim', path: '/learner' },
        { op: 'rename', from: '/learner', to: '/student' },
      ],
    },
  },
  malformed_json: {
    spoil: (e) => JSON.stringify({ ...e, hints: null }).replace('"hints":null', '"hints":NaN'),
    fix: {
      name: 'nan',
      match: { code: 'malformed_json' },
      operations: [{ op: 'text', pattern: ':NaN', with: ':null' }],
    },
  },
}
export const KINDS = Object.keys(MISTAKES)
const fits = (kind: string, e: Json) =>
  kind === 'bad_score' ? 'score' in e : kind === 'bad_correct' ? 'correct' in e : true
/** Every seventh answer comes spoiled. */
export const SPOILED = new Map(
  RIGHT.filter((_, i) => i % 7 === 3).map((e, i) => {
    const kind = [0, 1, 2, 3, 4, 5].map((k) => KINDS[(i + k) % KINDS.length]!).find((k) => fits(k, e))!
    return [e['id'] as string, kind] as const
  }),
)

export const HEADER = 'student,item,topic,occurred_at,correct'
const rows = Array.from(
  { length: 40 },
  (_, i) => [FILED[i % 3]!, `i${i}`, `t${i % 2}`, START + i * MINUTE, i % 4 === 0 ? '0' : '1'] as const,
)
export const soundFile = `${HEADER}\n${rows.map((r) => r.join(',')).join('\n')}\n`
export const brokenFile = `${HEADER}\n${rows
  .map(([s, i, t, at, c], n) =>
    n % 9 === 1
      ? [s, i, t, inBerlin(at), c]
      : n % 9 === 5
        ? [s, i, t, at, c === '1' ? 'Y' : 'N']
        : n === 20
          ? [s, i, t, at, c, '']
          : [s, i, t, at, c],
  )
  .map((r) => r.join(','))
  .join('\n')}\n`
