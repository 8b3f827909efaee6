import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { openFileEngine } from '@mastery/infra/adapters/clickhouse/file-engine.ts'
import { type JoinValidation, validateJoins } from '@mastery/jobs/src/exports/validate.ts'
import { type Command, UsageError } from '../command.ts'
import { table } from '../tables.ts'
import { positive } from './simulate.ts'

const n = (x: number) => x.toLocaleString('en')
/** Never rounded up to the line that it failed. */
const percent = (x: number) => `${(Math.floor(x * 1000) / 10).toFixed(1)} %`
const fixed = (x: number | null) => (x === null ? '-' : x.toFixed(2))

function inWords(v: JoinValidation): string {
  const joins = table(
    ['table', 'joined to', 'by', 'rows', 'found', 'coverage', 'keys', 'found keys'],
    v.joins.map((j) => [
      j.left,
      j.right,
      j.on,
      n(j.rows),
      n(j.matched),
      percent(j.coverage),
      n(j.keys),
      n(j.keys_matched),
    ]),
  )
  const skipped = v.skipped.map((s) => `Not joined: ${s.left} to ${s.right} by ${s.on}: ${s.why}.\n`).join('')
  const missing = v.joins
    .filter((j) => j.examples.length > 0)
    .map((j) => `Not in ${j.right}: ${j.examples.map((k) => k.join(' / ')).join('; ')} (of ${j.left}, by ${j.on}).\n`)
    .join('')
  const students = new Set(v.sample.map((r) => r.student_id)).size
  const sample =
    v.sample.length === 0
      ? ''
      : `\n${students} students with their newest answers, joined\n${table(
          [
            'student',
            'answers',
            'mastery',
            'answered at',
            'item',
            'topic',
            'expected',
            'was right',
            'topic mastery',
            'on topic',
            'standing',
            'item health',
            'all right',
            'difficulty',
          ],
          v.sample.map((r, i) => {
            const first = v.sample[i - 1]?.student_id !== r.student_id
            return [
              first ? r.student_id.slice(0, 12) : '',
              first ? n(r.answers) : '',
              first ? fixed(r.student_mastery) : '',
              r.occurred_at?.slice(0, 16) ?? '-',
              r.item ?? '-',
              r.topic ?? '-',
              fixed(r.p),
              r.correct === null ? '-' : r.correct ? 'yes' : 'no',
              fixed(r.topic_mastery),
              r.opportunities === null ? '-' : n(r.opportunities),
              r.standing ?? '-',
              r.item_status ?? '-',
              fixed(r.item_right),
              fixed(r.difficulty),
            ]
          }),
        )}`
  const low = v.joins.filter((j) => j.coverage < v.least)
  const verdict =
    low.length === 0
      ? `\nEvery join covers ${percent(v.least)} or more.\n`
      : `\nBelow ${percent(v.least)}: ${low.map((j) => `${j.left} to ${j.right} by ${j.on} (${percent(j.coverage)})`).join(', ')}.\n`
  return `${joins}${skipped === '' && missing === '' ? '' : '\n'}${missing}${skipped}${sample}${verdict}`
}

export const validateJoinCommand: Command = {
  name: 'validate-join',
  summary: 'whether exported tables belong together',
  help: `npx mastery validate-join DIR [--least 0.8] [--students 10] [--seed 1] [--json]

Checks what "npx mastery export --tables all --out DIR" wrote: that every file is what the manifest says, and which share of
each table's rows finds its student, topic, item or answer in the others. Shows the joined rows of some students, the
same ones for one --seed, to be looked at. A join below --least ends with code 1. A table that was not exported is not
joined. Needs no installation: the folder is all that is read.`,
  standalone: true,
  async run(_host, args, io) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        least: { type: 'string' },
        students: { type: 'string' },
        seed: { type: 'string' },
        json: { type: 'boolean' },
      },
    })
    const [dir, ...more] = positionals
    if (dir === undefined || more.length > 0)
      throw new UsageError('Name the folder of one export: npx mastery validate-join DIR')
    const least = Number(values.least ?? '0.8')
    if (!(least >= 0 && least <= 1)) throw new UsageError(`--least is a share from 0 to 1, not "${values.least}".`)
    const options = {
      least,
      students: positive('students', values.students, 10),
      seed: positive('seed', values.seed, 1),
    }
    const engine = openFileEngine()
    try {
      const found = await validateJoins(engine, resolve(io.cwd, dir), options)
      io.out(values.json ? `${JSON.stringify(found)}\n` : inWords(found))
      return found.passed ? 0 : 1
    } finally {
      await engine.close()
    }
  },
}
