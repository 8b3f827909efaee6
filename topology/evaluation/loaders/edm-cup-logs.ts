import { Columns } from '../../importers/columns.ts'
import { RecordSplitter, splitFields } from '../../importers/delimited.ts'
import { checkOptions } from '../../importers/imported-event.ts'
import { type AnswerFile, type AnswerSource, type LoaderFormat, NO_TOPIC, type SourceSettings } from './answer-file.ts'
import { AnswerTable, sampledBy } from './answer-table.ts'
import { LoadError } from './load-error.ts'

/** What decides a problem when it is the first thing that a student does on it. */
const RESPONSES: Readonly<Record<string, boolean>> = { correct_response: true, wrong_response: false }
const HELP = new Set([
  'hint_requested',
  'explanation_requested',
  'answer_requested',
  'skill_related_video_requested',
  'live_tutor_requested',
])

/**
 * The tables of EDM Cup 2023 (Kaggle; OSF yrwuh) as they are given out: action_logs.csv, with assignment_details.csv for
 * whose an assignment is and problem_details.csv for a problem's skill. A problem of an assignment is answered once: right
 * where the first response is, and no help was asked for before, as ASSISTments count it. Open responses are not graded.
 * `timestamp` counts seconds. Rows of an assignment stand in the order of time; whose assignment is unknown is left out.
 */
export const edmCupLogs: LoaderFormat = {
  id: 'edm-cup-logs',
  summary: 'EDM Cup 2023 action_logs.csv, with assignment_details.csv and problem_details.csv beside it',
  companions: [],
  tables: [
    { name: 'assignment_details', required: true, summary: 'assignment_details.csv: the student of each assignment' },
    { name: 'problem_details', required: true, summary: 'problem_details.csv: the skill of each problem' },
  ],
  source: (settings) => {
    checkOptions('edm-cup-logs', settings.options, [])
    if (settings.columns.length > 0)
      throw new LoadError('action_logs.csv', {}, 'Its rows are actions and not answers: leave --by out.')
    return new LogSource(settings)
  },
}

/** A problem that was begun, and not decided yet. */
type Begun = Map<string, number>

class LogSource implements AnswerSource {
  private readonly answers: AnswerTable
  private readonly settings: SourceSettings
  private readonly students: string[] = []
  private readonly assignments = new Map<string, number>()
  private readonly skills = new Map<string, string>()
  /** By student: problems of assignments with their start, NaN once they are decided. */
  private readonly problems = new Map<string, Begun>()
  private rows = 0
  private untagged = 0
  private rejected = 0

  constructor(settings: SourceSettings) {
    this.settings = settings
    const { bound } = settings
    this.answers = new AnswerTable(bound && { ...bound, onLeave: (student) => this.problems.delete(student) })
  }

  openTable(name: string, fileName: string): AnswerFile {
    if (name === 'problem_details')
      return this.read(fileName, ['problem_id', 'problem_skill_code'], ([problem, skill]) => {
        if (skill !== '') this.skills.set(problem!, skill!)
        return null
      })
    const known = new Map<string, number>()
    return this.read(fileName, ['assignment_log_id', 'student_id'], ([assignment, student]) => {
      let at = known.get(student!)
      if (at === undefined) known.set(student!, (at = this.students.push(student!) - 1))
      this.assignments.set(assignment!, at)
      return null
    })
  }

  open({ fileName }: { fileName: string }): AnswerFile {
    return this.read(fileName, ['assignment_log_id', 'timestamp', 'problem_id', 'action'], (fields) => {
      return this.action(fields as [string, string, string, string], this.rows++)
    })
  }

  /** What is wrong with the row; null where nothing is. */
  private action([assignment, time, problem, action]: [string, string, string, string], row: number): string | null {
    const at = Number(time) * 1000
    if (time === '' || !Number.isFinite(at)) return 'timestamp is no number of seconds. Correct it.'
    if (problem === '') return null
    const whose = this.assignments.get(assignment)
    const student = whose === undefined ? undefined : this.students[whose]
    if (student === undefined || !this.answers.admits(student)) return null
    let begun = this.problems.get(student)
    if (begun === undefined) this.problems.set(student, (begun = new Map()))
    const key = `${assignment} ${problem}`
    const start = begun.get(key)
    if (action === 'problem_started') {
      if (start === undefined) begun.set(key, at)
      return null
    }
    const help = HELP.has(action)
    const correct = RESPONSES[action]
    if ((!help && correct === undefined) || Number.isNaN(start)) return null
    begun.set(key, Number.NaN)
    const skill = this.skills.get(problem)
    if (skill === undefined) this.untagged++
    this.answers.add(student, problem, correct === true, Math.round(at), row)
    this.answers.topic(skill ?? NO_TOPIC)
    this.answers.extra('help_requests', help ? 1 : 0)
    if (start !== undefined) this.answers.extra('response_ms', Math.round(at - start))
    return null
  }

  private read(fileName: string, names: readonly string[], take: (fields: string[]) => string | null): AnswerFile {
    const splitter = new RecordSplitter({ delimiter: ',' })
    let columns: Columns | null = null
    let places: number[] = []
    const rows = (records: ReturnType<RecordSplitter['push']>) => {
      for (const { raw, line } of records) {
        if (columns === null) {
          columns = new Columns('edm-cup-logs', raw, ',')
          try {
            places = columns.require(names, `Give the table of EDM Cup 2023 as it is given out.`)
          } catch (e) {
            throw new LoadError(fileName, { line }, (e as Error).message, { cause: e })
          }
          continue
        }
        const fields = splitFields(raw, ',')
        const wrong =
          fields?.length === columns.count
            ? take(places.map((i) => fields[i]!))
            : columns.countMessage(fields?.length ?? 0)
        if (wrong === null) continue
        if (!this.settings.skipRejects) throw new LoadError(fileName, { line }, wrong)
        this.rejected++
      }
    }
    return {
      push: (chunk) => rows(splitter.push(chunk)),
      end: () => {
        rows(splitter.end())
        if (columns === null) throw new LoadError(fileName, {}, 'The file is empty; it needs a header line.')
      },
    }
  }

  build() {
    const log = this.answers.build({ clock: true, byTime: true, instants: true })
    const { rows, untagged, rejected } = this
    return { log, rows, columns: new Map(), untagged, rejected, sampled: sampledBy(this.answers) }
  }
}
