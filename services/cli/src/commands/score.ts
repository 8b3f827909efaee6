import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { repairParts } from '@mastery/jobs/src/rebuild/parts.ts'
import { type BatchRow, scoreBatch } from '@mastery/jobs/src/score-batch/score.ts'
import { parseInstant } from '@mastery/topology/importers/clock.ts'
import { type Command, type Host, type Io, UsageError } from '../command.ts'
import { Progress } from '../progress.ts'
import { noteAccess, subjectOf } from '../subject.ts'
import { WholeFile } from '../whole-file.ts'

const COLUMNS = [
  'student_id',
  'topic_id',
  'as_of',
  'last_answer_at',
  'opportunities',
  'mastery',
  'mastery_now',
  'uncertainty',
  'standing',
  'p_next',
] as const

const iso = (ms: number) => new Date(ms).toISOString()

function cell(v: string | number | boolean): string {
  const text = String(v)
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Numbers in the fewest digits that give them back to the bit. */
function csvLine(r: BatchRow): string {
  const shown = { ...r, as_of: iso(r.as_of), last_answer_at: iso(r.last_answer_at) }
  return [
    ...COLUMNS.map((c) => shown[c]),
    ...r.models.slice(0, -1).map((m) => m.mastery),
    r.models.map((m) => `${m.model}@${m.version}`).join(' '),
    ...r.windows.flatMap((w) => [w.attempts, w.correct]),
    r.approximate,
  ]
    .map(cell)
    .join(',')
}

function header(models: readonly string[], days: readonly number[]): string {
  const windows = days.flatMap((d) => [`attempts_${d}d`, `correct_${d}d`])
  return [...COLUMNS, ...models, 'versions', ...windows, 'approximate'].join(',')
}

function studentsIn(host: Host, io: Io, given: string, tenant: string | undefined): string[] | null {
  if (given === 'all') return null
  let text: string
  try {
    text = readFileSync(resolve(io.cwd, given), 'utf8')
  } catch (e) {
    throw new UsageError(
      `--students ${given} can't be read: ${(e as Error).message}. Give a file with an id a line, or all.`,
    )
  }
  const ids = text.split(/\r?\n/).flatMap((line) => line.trim() || [])
  if (ids.length === 0) throw new UsageError(`--students ${given} names nobody: give an id a line.`)
  return ids.map((id) => subjectOf(host, id, tenant).student)
}

export const scoreCommand: Command = {
  name: 'score',
  summary: 'scores of students as of a time, whether or not they are active',
  help: `npx mastery score --batch [--as-of TIME] [--students FILE|all] [--inactive DAYS] [--format csv|json] [--out FILE] [--tenant T]

Folds the whole history of each student, by the code and with the versions that the stream scores with, and gives every
topic as of a time: windows that end there, mastery right after the last answer, and mastery_now and p_next with what was
forgotten since taken off ("npx mastery progress run" fits how fast). Nothing is stored. Without --as-of it is now; with it,
events that occurred later are left out, and corrections that are known now count. FILE has an id a line. --inactive 30:
only students without an event in the 30 days before. Students are pseudonyms; CSV (the default) or one JSON document a
line, to --out FILE or here.
Exit code 1: some students could not be scored; the error stream says which.`,
  async run(host, args, io) {
    const { values } = parseArgs({
      args,
      options: {
        batch: { type: 'boolean' },
        'as-of': { type: 'string' },
        students: { type: 'string' },
        inactive: { type: 'string' },
        format: { type: 'string' },
        out: { type: 'string' },
        tenant: { type: 'string' },
        json: { type: 'boolean' },
      },
    })
    if (!values.batch)
      throw new UsageError('Scores of active students are made by the stream; say --batch for all others.')
    const asOf = values['as-of'] === undefined ? Date.now() : parseInstant(values['as-of'].trim())
    if (asOf === null)
      throw new UsageError(`--as-of is "${values['as-of']}"; give a time like 2026-03-01 or 2026-03-01T12:00:00Z.`)
    const inactiveDays = Number(values.inactive ?? 0)
    if (!(inactiveDays >= 0)) throw new UsageError(`--inactive is "${values.inactive}"; give a number of days.`)
    const format = values.json ? 'json' : (values.format ?? 'csv')
    if (format !== 'csv' && format !== 'json') throw new UsageError(`--format is csv or json, not "${format}".`)
    const students = studentsIn(host, io, values.students ?? 'all', values.tenant)
    const tenant = values.tenant === undefined ? null : host.tenant(values.tenant).id

    const check = await host.stages()
    const parts = repairParts(host.installation, await host.gold(), { check })
    const progress = new Progress(values.json, io.err)
    const file = values.out === undefined ? null : new WholeFile(resolve(io.cwd, values.out))
    const write = (text: string) => (file ? file.write(text) : io.out(text))
    let first = true
    try {
      const rows = scoreBatch(parts, {
        asOf,
        tenant,
        students,
        inactiveDays,
        progress: (n) => progress.show('students', n, students?.length ?? null),
      })
      let step = await rows.next()
      for (; !step.done; step = await rows.next()) {
        const wanted = step.value
        if (first && format === 'csv')
          write(
            `${header(
              wanted[0]!.models.slice(0, -1).map((m) => m.model),
              parts.windows.days,
            )}\n`,
          )
        first = false
        write(wanted.map((r) => `${format === 'csv' ? csvLine(r) : jsonLine(r)}\n`).join(''))
      }
      progress.end()
      file?.finish()
      const { refused, unknown, ...done } = step.value
      await noteAccess(host, { tenant: tenant ?? host.tenant(undefined).id, student: '' }, 'score batch')
      if (file)
        io.err.write(`${done.students.toLocaleString('en')} students, ${done.rows.toLocaleString('en')} rows.\n`)
      if (done.students === 0) io.err.write('Nobody was scored: there is no such student with an answer by then.\n')
      if (unknown.length > 0)
        io.err.write(`Nothing is known by then of ${named(unknown)}. Check the ids and --tenant.\n`)
      if (refused.length > 0)
        io.err.write(
          `Could not be scored as of ${iso(asOf)}: ${named(refused)}. Their events have expired, and what is kept of them reaches beyond that time; choose a later one.\n`,
        )
      return refused.length > 0 ? 1 : 0
    } catch (e) {
      file?.discard()
      throw e
    }
  },
}

const jsonLine = (r: BatchRow) => JSON.stringify({ ...r, as_of: iso(r.as_of), last_answer_at: iso(r.last_answer_at) })

/** Pseudonyms that a message prints. */
const SHOWN = 10

function named(students: readonly string[]): string {
  const rest = students.length - SHOWN
  return `${students.slice(0, SHOWN).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}
