import { chosenAction } from '../items/chosen-option.ts'
import { parseInstant, syntheticTime } from './clock.ts'
import { Columns } from './columns.ts'
import { detectDelimiter, splitFields } from './delimited.ts'
import { checkOptions, EventSource, gradeBinary, reject } from './imported-event.ts'
import { type ImportContext, ImportError, type ImportFormat, type ImportOutcome, type RowReader } from './importer.ts'

const REQUIRED = ['student', 'item', 'topic', 'occurred_at', 'correct'] as const
const OPTIONAL = ['attempt', 'hints', 'response_time_ms', 'option'] as const
const KINDS = ['quiz_attempt', 'practice_attempt', 'assignment_submission'] as const
const WHOLE = /^\d{1,15}$/
const LARGEST_INT = 2_147_483_647

/**
 * Graded answers, one per row. Columns student, item, topic, occurred_at, correct, and if wanted attempt, hints,
 * response_time_ms, option (the one that was chosen); the option `map` renames them: `student=user,correct=is_right`. Comma, semicolon or tab.
 *
 * occurred_at: see `parseInstant`. correct: 1/0, true/false, yes/no, or a fraction from 0 to 1, which is the score, and
 * right from 0.5 up. topic: several, separated by `;` or `|`, or none. With `clock=synthetic` the rows are put a minute
 * apart in file order and no time column is read.
 *
 * Without an attempt column equal rows are events of their own; with one they are the same event reported twice.
 */
export const csv: ImportFormat = {
  id: 'csv',
  summary:
    'Any CSV/TSV of graded answers: student,item,topic,occurred_at,correct[,attempt,hints,response_time_ms,option]. Options: map=student=user,item=problem,...; clock=synthetic; kind=quiz_attempt|practice_attempt|assignment_submission; source=<name>',
  companions: [],
  container: 'lines',
  rows: 'independent',
  open({ header, options, context }) {
    checkOptions('csv', options, ['map', 'clock', 'kind', 'source'])
    return new CsvReader(header, options, context)
  },
}

class CsvReader implements RowReader {
  readonly #delimiter: string
  readonly #columns: Columns
  readonly #source: EventSource
  readonly #kind: (typeof KINDS)[number]
  readonly #student: number
  readonly #item: number
  readonly #topic: number
  /** -1: synthetic clock. */
  readonly #time: number
  readonly #correct: number
  readonly #attempt: number
  readonly #hints: number
  readonly #response: number
  readonly #option: number
  readonly #names: Map<string, string>

  constructor(header: string, options: Record<string, string>, context: ImportContext) {
    this.#delimiter = detectDelimiter(header)
    this.#columns = new Columns('csv', header, this.#delimiter)
    this.#names = columnMap(options['map'] ?? '')
    const clock = options['clock']
    if (clock !== undefined && clock !== 'synthetic') {
      throw new ImportError(`Option clock is '${clock}'; give synthetic, or leave it out where there is a time column.`)
    }
    const required = REQUIRED.filter((column) => column !== 'occurred_at' || clock === undefined)
    this.#columns.require(
      required.map((column) => this.#name(column)),
      'Rename columns with option map, e.g. map=student=user,occurred_at=time; a file without times needs clock=synthetic.',
    )
    for (const [column, name] of this.#names) {
      if (this.#columns.find(name) < 0) {
        throw new ImportError(
          `Option map says ${column}=${name}, but the header has no column '${name}'. Found: ${this.#columns.names.join(', ')}.`,
        )
      }
    }
    const find = (column: string) => this.#columns.find(this.#name(column))
    this.#student = find('student')
    this.#item = find('item')
    this.#topic = find('topic')
    this.#time = clock === 'synthetic' ? -1 : find('occurred_at')
    this.#correct = find('correct')
    this.#attempt = find('attempt')
    this.#hints = find('hints')
    this.#response = find('response_time_ms')
    this.#option = find('option')
    const kind = KINDS.find((known) => known === (options['kind'] ?? 'quiz_attempt'))
    if (kind === undefined) {
      throw new ImportError(`Option kind is '${options['kind']}'; give one of ${KINDS.join(', ')}.`)
    }
    this.#kind = kind
    this.#source = new EventSource(context, options['source'] ?? 'csv', 'csv')
  }

  row(raw: string, line: number): ImportOutcome[] {
    const fields = splitFields(raw, this.#delimiter)
    if (fields === null) {
      return reject(
        'bad_quotes',
        'A quote does not close, or text follows a closing one. Double the quotes inside a quoted field ("").',
        raw,
        line,
      )
    }
    if (fields.length !== this.#columns.count) {
      return reject('column_count', this.#columns.countMessage(fields.length), raw, line)
    }
    const student = fields[this.#student]!.trim()
    if (student === '') return reject('missing_student', `${this.#name('student')} is empty. Fill it in.`, raw, line)
    const whose = this.#source.pseudonym(student)
    const item = fields[this.#item]!.trim()
    if (item === '') return reject('missing_item', `${this.#name('item')} is empty. Fill it in.`, raw, line, whose)
    const at = this.#time < 0 ? syntheticTime(line) : parseInstant(fields[this.#time]!.trim())
    if (at === null) {
      return reject(
        'bad_time',
        `${this.#name('occurred_at')} is no time. Give ISO 8601, such as 2025-09-01T08:30:00+02:00, or epoch seconds or milliseconds.`,
        raw,
        line,
        whose,
      )
    }
    const score = parseScore(fields[this.#correct]!.trim())
    if (score === null) {
      return reject(
        'bad_correct',
        `${this.#name('correct')} is no grade. Give 1/0, true/false, yes/no or a fraction from 0 to 1.`,
        raw,
        line,
        whose,
      )
    }
    const attempt = this.#number(fields, this.#attempt, LARGEST_INT)
    if (attempt === undefined || attempt === 0) return this.#badNumber('attempt', '1, 2, 3, ...', raw, line, whose)
    const hints = this.#number(fields, this.#hints, LARGEST_INT)
    if (hints === undefined) return this.#badNumber('hints', '0, 1, 2, ...', raw, line, whose)
    const response = this.#number(fields, this.#response, Number.MAX_SAFE_INTEGER)
    if (response === undefined) return this.#badNumber('response_time_ms', 'whole milliseconds', raw, line, whose)

    const topics = splitTopics(fields[this.#topic]!, this.#delimiter)
    const event = this.#source.event(student, line, at, this.#kind, 'evidence', item, topics)
    if (score === 0 || score === 1) {
      gradeBinary(event, score === 1)
    } else {
      event.correct = score >= 0.5
      event.score = score
      event.score_rule = 'fraction'
    }
    event.hints = hints
    event.response_time_ms = response
    const chosen = this.#option < 0 ? null : chosenAction(fields[this.#option]!.trim())
    if (chosen !== null) event.actions = { [chosen]: 1 }
    if (attempt === null) {
      this.#source.identifyByOccurrence(event)
    } else {
      this.#source.attempt(event, attempt)
      this.#source.identify(event, `attempt ${attempt}`)
    }
    return [{ type: 'event', event }]
  }

  end(): ImportOutcome[] {
    return []
  }

  forget(student: string): void {
    this.#source.forget(student)
  }

  #name(column: string): string {
    return this.#names.get(column) ?? column
  }

  /** Null: no such column, or empty. Undefined: no whole number up to `most`. */
  #number(fields: string[], index: number, most: number): number | null | undefined {
    if (index < 0) return null
    const text = fields[index]!.trim()
    if (text === '') return null
    const value = WHOLE.test(text) ? Number(text) : most + 1
    return value <= most ? value : undefined
  }

  #badNumber(column: string, wanted: string, raw: string, line: number, whose: string): ImportOutcome[] {
    const message = `${this.#name(column)} is no number of its kind. Give ${wanted}, or leave it empty.`
    return reject('bad_number', message, raw, line, whose)
  }
}

function columnMap(option: string): Map<string, string> {
  const names = new Map<string, string>()
  if (option === '') return names
  const known: readonly string[] = [...REQUIRED, ...OPTIONAL]
  for (const part of option.split(',')) {
    const eq = part.indexOf('=')
    const column = part.slice(0, Math.max(eq, 0)).trim()
    const name = part.slice(eq + 1).trim()
    if (!known.includes(column) || name === '') {
      throw new ImportError(
        `Option map has '${part}'; each part must be <ours>=<column of the file> with ours one of ${known.join(', ')}.`,
      )
    }
    if (names.has(column)) throw new ImportError(`Option map names ${column} twice. Keep one of them.`)
    names.set(column, name)
  }
  return names
}

function parseScore(text: string): number | null {
  if (text === '1') return 1
  if (text === '0') return 0
  const word = text.toLowerCase()
  if (word === 'true' || word === 'yes') return 1
  if (word === 'false' || word === 'no') return 0
  if (!/^\d*\.?\d+(?:e-?\d+)?$|^\d+\.$/.test(word)) return null
  const value = Number(word)
  return value <= 1 ? value : null
}

function splitTopics(text: string, delimiter: string): string[] {
  const parts = delimiter !== ';' && text.includes(';') ? text.split(/[;|]/) : text.split('|')
  if (parts.length === 1) {
    const topic = text.trim()
    return topic === '' ? [] : [topic]
  }
  return [...new Set(parts.map((part) => part.trim()).filter((part) => part !== ''))]
}
