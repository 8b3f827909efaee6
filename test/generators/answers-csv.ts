import { Seeded } from './seeded.ts'

/** One good row of the file, as whoever made it knows it. */
export interface Answer {
  /** Line in the file, the header being 1. */
  line: number
  student: string
  item: string
  topics: readonly string[]
  /** UTC milliseconds. */
  at: number
  /** 0 to 1. */
  score: number
  attempt: number | null
  hints: number | null
  responseMs: number | null
  /** Says the same as an earlier line: the same event again. */
  repeat: boolean
}

export interface AnswersFile {
  text: string
  /** In file order. */
  answers: Answer[]
  /** Rows that no reader may take. */
  bad: number
}

export interface AnswersOptions {
  seed: number
  rows: number
  students: number
  topics: number
  /** Length of the term. */
  days?: number
  /** Begins every student's id. */
  prefix?: string
  /** Share of the rows that are the first student's, besides that one's own. */
  hot?: number
}

const DAY = 86_400_000
const START = Date.UTC(2024, 8, 2, 6)
const HEADER = 'student,item,topic,occurred_at,correct,attempt,hints,response_time_ms'
const GRADES: readonly (readonly [string, number])[] = [
  ['1', 1],
  ['0', 0],
  ['true', 1],
  ['No', 0],
  ['yes', 1],
  ['0.25', 0.25],
  ['0.5', 0.5],
  ['.75', 0.75],
  ['0.499999', 0.499999],
]

/** The same instant, as differing clients write it. */
function written(at: number, random: Seeded): string {
  const iso = new Date(at).toISOString()
  switch (random.below(5)) {
    case 0:
      return iso
    case 1:
      return `${new Date(at + 2 * 3_600_000).toISOString().slice(0, 23)}+02:00`
    case 2:
      return iso.slice(0, 23).replace('T', ' ')
    case 3:
      return String(at)
    default:
      return at % 1000 === 0 ? String(at / 1000) : (at / 1000).toFixed(3)
  }
}

function badRow(random: Seeded, n: number): string {
  return random.pick([
    `s1,i1,t1,yesterday,1,,,${n}`,
    `s1,i1,t1,2024-13-01T00:00:00Z,1,,,${n}`,
    `s1,i1,t1,2024-10-01T00:00:00Z,perhaps,,,${n}`,
    `s1,i1,t1,2024-10-01T00:00:00Z,1.5,,,${n}`,
    `,i1,t1,2024-10-01T00:00:00Z,1,,,${n}`,
    `s1,,t1,2024-10-01T00:00:00Z,1,,,${n}`,
    `s1,i1,t1,2024-10-01T00:00:00Z,1,0,,${n}`,
    `s1,i1,t1,2024-10-01T00:00:00Z,1,,-1,${n}`,
    `s1,i1,t1,2024-10-01T00:00:00Z,1,,,soon ${n}`,
    `s1,i1,2024-10-01T00:00:00Z,1,${n}`,
    `s1,"i1"x,t1,2024-10-01T00:00:00Z,1,,,${n}`,
  ])
}

/**
 * Graded answers as a school's export might hold them: bursts and gaps, several ways to write a time, lines out of time
 * order, answers at the same instant, repeated lines, optional columns left empty, items of two topics or of none, and
 * rows that are wrong.
 */
export function answersCsv(options: AnswersOptions): AnswersFile {
  const { rows, students, topics, days = 200, prefix = 's' } = options
  const random = new Seeded(options.seed)
  const items = Array.from({ length: topics * 8 }, (_, i) => {
    const topic = `topic ${i % topics}`
    const second = `topic ${(i * 7 + 3) % topics}`
    const of = i % 31 === 0 ? [] : i % 9 === 0 && second !== topic ? [topic, second] : [topic]
    return { id: i % 13 === 0 ? `item, ${i}` : `item-${i}`, topics: of }
  })
  const clock = new Map<string, number>()
  const attempts = new Map<string, number>()
  const drafts: { answer: Answer; cells: string[]; place: number }[] = []
  while (drafts.length < rows) {
    const hot = options.hot !== undefined && random.chance(options.hot)
    const student = `${prefix}${hot ? 0 : random.below(students)}`
    const before = clock.get(student) ?? START + random.next() * 20 * DAY
    const gap = random.chance(0.7) ? random.next() * 900_000 : random.next() ** 3 * 0.03 * days * DAY
    const whole = Math.floor(before + gap)
    const at = random.chance(0.04) ? Math.floor(before) : random.chance(0.5) ? whole - (whole % 1000) : whole
    clock.set(student, at > START + days * DAY ? START : at)
    const item = random.pick(items)
    const [grade, score] = random.pick(GRADES)
    const numbered = random.chance(0.6)
    const key = `${student}/${item.id}`
    if (numbered) attempts.set(key, (attempts.get(key) ?? 0) + 1)
    const answer: Answer = {
      line: 0,
      student,
      item: item.id,
      topics: item.topics,
      at,
      score,
      attempt: numbered ? attempts.get(key)! : null,
      hints: random.chance(0.4) ? random.below(4) : null,
      responseMs: random.chance(0.8) ? random.below(180_000) : null,
      repeat: false,
    }
    const cells = [
      student,
      item.id.includes(',') ? `"${item.id}"` : item.id,
      item.topics.join('|'),
      written(at, random),
      grade,
      String(answer.attempt ?? ''),
      String(answer.hints ?? ''),
      String(answer.responseMs ?? ''),
    ]
    const place = at + random.next() * (random.chance(0.05) ? 60 : 3) * DAY
    drafts.push({ answer, cells, place })
    if (numbered && random.chance(0.03))
      drafts.push({ answer: { ...answer, repeat: true }, cells, place: place + random.next() * 5 * DAY })
  }
  drafts.sort((a, b) => a.place - b.place)
  const lines = [HEADER]
  const answers: Answer[] = []
  let bad = 0
  for (const { answer, cells } of drafts) {
    if (random.chance(0.01)) {
      lines.push(badRow(random, bad))
      bad++
    }
    lines.push(cells.join(','))
    answers.push({ ...answer, line: lines.length })
  }
  return { text: `${lines.join('\r\n')}\r\n`, answers, bad }
}
