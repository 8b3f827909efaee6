import { parseInstant, SYNTHETIC_EPOCH, syntheticTime } from './clock.ts'
import { Columns } from './columns.ts'
import { Counter, checkOptions, EventSource, gradeBinary, reject } from './imported-event.ts'
import { type ImportContext, ImportError, type ImportFormat, type ImportOutcome, type RowReader } from './importer.ts'

const WHOLE = /^\d+$/

/**
 * The preprocessed files of Gervet, Koedinger, Schneider, Mitchell: "When is Deep Learning the Best Approach to Knowledge
 * Tracing?", JEDM 12(3), 2020. Tab-separated, one row per answer, in the order of answering within a student.
 *
 * `timestamp` is 0 throughout in some data sets and else seconds since the data set's first answer; the first row
 * decides which, since no data set with a clock begins with its earliest student. Without a clock row i of the file is
 * put i minutes after 2009-09-01T00:00Z. With one, the seconds count from the same instant, or from option `epoch`.
 */
export const assistmentsGervet: ImportFormat = {
  id: 'assistments-gervet',
  summary:
    'Gervet et al. 2020 preprocessed data sets (TSV: user_id item_id timestamp correct skill_id). Options: clock=synthetic|seconds, epoch=<ISO 8601>, source=<name>',
  companions: [],
  container: 'lines',
  rows: 'ordered',
  open({ header, options, context }) {
    checkOptions('assistments-gervet', options, ['clock', 'epoch', 'source'])
    return new GervetReader(header, options, context)
  },
}

class GervetReader implements RowReader {
  readonly #columns: Columns
  readonly #index: number[]
  readonly #source: EventSource
  readonly #attempts = new Counter()
  readonly #epoch: number
  #synthetic: boolean | null

  constructor(header: string, options: Record<string, string>, context: ImportContext) {
    this.#columns = new Columns('assistments-gervet', header, '\t')
    this.#index = this.#columns.require(
      ['user_id', 'item_id', 'timestamp', 'correct', 'skill_id'],
      'The file must be tab-separated; for other columns use the format csv with its option map.',
    )
    const clock = options['clock']
    if (clock !== undefined && clock !== 'synthetic' && clock !== 'seconds') {
      throw new ImportError(`Option clock is '${clock}'; give synthetic or seconds, or leave it out.`)
    }
    this.#synthetic = clock === undefined ? null : clock === 'synthetic'
    const epoch = options['epoch'] === undefined ? SYNTHETIC_EPOCH : parseInstant(options['epoch'])
    if (epoch === null) {
      throw new ImportError(
        `Option epoch is '${options['epoch']}'; give an ISO 8601 time such as 2004-09-01T00:00:00Z.`,
      )
    }
    this.#epoch = epoch
    this.#source = new EventSource(context, options['source'] ?? 'assistments', 'assistments-gervet')
  }

  row(raw: string, line: number): ImportOutcome[] {
    const fields = raw.split('\t')
    if (fields.length !== this.#columns.count) {
      return reject('column_count', this.#columns.countMessage(fields.length), raw, line)
    }
    const index = this.#index
    const student = fields[index[0]!]!
    const item = fields[index[1]!]!
    const time = fields[index[2]!]!
    const correct = fields[index[3]!]!
    const skill = fields[index[4]!]!
    if (student === '') return reject('missing_student', 'user_id is empty. Fill it in.', raw, line)
    const whose = this.#source.pseudonym(student)
    if (item === '') return reject('missing_item', 'item_id is empty. Fill it in.', raw, line, whose)
    if (!WHOLE.test(time)) {
      return reject('bad_time', 'timestamp is no time. Give whole seconds, or 0 in every row.', raw, line, whose)
    }
    if (correct !== '0' && correct !== '1') {
      return reject('bad_correct', 'correct is neither 1 nor 0. Give one of them.', raw, line, whose)
    }
    this.#synthetic ??= time === '0'
    if (this.#synthetic && time !== '0') {
      return reject(
        'mixed_clock',
        'timestamp is not 0, but the file was taken for one without a clock. Import it with option clock=seconds.',
        raw,
        line,
        whose,
      )
    }
    const at = this.#synthetic ? syntheticTime(line) : this.#epoch + Number(time) * 1000
    const topics = skill === '' ? [] : [skill]
    const event = this.#source.event(student, line, at, 'practice_attempt', 'evidence', item, topics)
    gradeBinary(event, correct === '1')
    const attempt = this.#attempts.next(student, item)
    this.#source.attempt(event, attempt)
    this.#source.identify(event, `attempt ${attempt}`)
    return [{ type: 'event', event }]
  }

  end(): ImportOutcome[] {
    return []
  }
}
