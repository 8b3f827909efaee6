import { syntheticTime } from './clock.ts'
import { Columns } from './columns.ts'
import { checkOptions, EventSource, gradeBinary, reject } from './imported-event.ts'
import type { ImportContext, ImportFormat, ImportOutcome, RowReader } from './importer.ts'

const WHOLE = /^\d{1,15}$/
const FIRST_ACTIONS = ['attempt', 'hint', 'scaffold']

/**
 * ASSISTments 2009-10 with first action and response time, one row per problem of a student, in order, without items
 * and without times: row i of the file is put i minutes after 2009-09-01T00:00Z.
 *
 * `skill_id` 2_37_70 is three topics. `correct` is the first response's, so a row is one opportunity with attempt 1, and
 * the student's `seq` stands in for the item. `ms_first_response` runs to the first action of any kind; the few negative
 * ones are clock errors and left out. first_action 1: a hint was the first thing asked for, hints is 1.
 */
export const assistmentsActions: ImportFormat = {
  id: 'assistments-actions',
  summary:
    'ASSISTments 2009-10 with response times (CSV: user_id,seq,skill_id,correct,attempt_count,first_action,ms_first_response)',
  companions: [],
  container: 'lines',
  rows: 'independent',
  open({ header, options, context }) {
    checkOptions('assistments-actions', options, [])
    return new ActionsReader(header, context)
  },
}

class ActionsReader implements RowReader {
  readonly #columns: Columns
  readonly #index: number[]
  readonly #source: EventSource

  constructor(header: string, context: ImportContext) {
    this.#columns = new Columns('assistments-actions', header, ',')
    this.#index = this.#columns.require(
      ['user_id', 'seq', 'skill_id', 'correct', 'attempt_count', 'first_action', 'ms_first_response'],
      'For other columns use the format csv with its option map.',
    )
    this.#source = new EventSource(context, 'assistments', 'assistments-actions')
  }

  row(raw: string, line: number): ImportOutcome[] {
    const fields = raw.split(',')
    if (fields.length !== this.#columns.count) {
      return reject('column_count', this.#columns.countMessage(fields.length), raw, line)
    }
    const values = this.#index.map((i) => fields[i]!) as [string, string, string, string, string, string, string]
    const [student, seq, skill, correct, attempts, first, response] = values
    if (student === '') return reject('missing_student', 'user_id is empty. Fill it in.', raw, line)
    const whose = this.#source.pseudonym(student)
    if (!WHOLE.test(seq)) return reject('bad_number', 'seq is no whole number. Give 0, 1, 2, ...', raw, line, whose)
    if (correct !== '0' && correct !== '1') {
      return reject('bad_correct', 'correct is neither 1 nor 0. Give one of them.', raw, line, whose)
    }
    if (!/^\d{1,9}$/.test(attempts)) {
      return reject('bad_number', 'attempt_count is no whole number. Give 0, 1, 2, ...', raw, line, whose)
    }
    const action = FIRST_ACTIONS[WHOLE.test(first) ? Number(first) : -1]
    if (action === undefined) {
      return reject(
        'bad_number',
        'first_action is unknown. Give 0 (attempt), 1 (hint) or 2 (scaffold).',
        raw,
        line,
        whose,
      )
    }
    if (!/^-?\d{1,15}$/.test(response)) {
      return reject('bad_number', 'ms_first_response is no number. Give whole milliseconds.', raw, line, whose)
    }
    const topics = [...new Set(skill.split('_').filter((topic) => topic !== ''))]
    const event = this.#source.event(student, line, syntheticTime(line), 'practice_attempt', 'evidence', null, topics)
    gradeBinary(event, correct === '1')
    event.hints = action === 'hint' ? 1 : 0
    event.response_time_ms = event.first_action_ms = response[0] === '-' ? null : Number(response)
    event.actions = { attempts: Number(attempts), [`first_${action}`]: 1 }
    this.#source.attempt(event, 1, seq)
    this.#source.identify(event, `row ${seq}`)
    return [{ type: 'event', event }]
  }

  end(): ImportOutcome[] {
    return []
  }
}
