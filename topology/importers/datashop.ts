import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import { Columns } from './columns.ts'
import { knowledgeComponents } from './datashop-kc.ts'
import { Counter, checkOptions, EventSource, gradeBinary, reject } from './imported-event.ts'
import { type ImportContext, ImportError, type ImportFormat, type ImportOutcome, type RowReader } from './importer.ts'
import { ZoneClock } from './zone-clock.ts'

const REQUIRED = ['Anon Student Id', 'Session Id', 'Time', 'Problem Name', 'Step Name', 'Outcome']

/**
 * PSLC DataShop transaction export, tab-separated. A step (problem and step name) is the item, its context the session
 * and the problem view. Topics: all columns of the KC model of option `kc`; without it, KC (Default), or else the first
 * model that has a value in the first row. Time is civil time in the row's Time Zone, or in option `timezone`; a zone
 * that is empty or unknown is taken as UTC. Where clocks go back, the earlier instant is taken.
 *
 * With `attempts=all`, the default, every CORRECT or INCORRECT is evidence with DataShop's Attempt At Step, and the HINTs
 * before it on the step are its hints; a HINT or hint request is a tutor_interaction. With `attempts=first` only the
 * first transaction on a step of a problem view is evidence, and a HINT in that place counts as wrong: DataShop's "First
 * Attempt" of the student-step table, which learning curves and AFM count. Any other outcome (none, STUDY) is context.
 */
export const datashop: ImportFormat = {
  id: 'datashop',
  summary:
    'PSLC DataShop transaction export (tab-separated). Options: kc=<KC model>, attempts=all|first, timezone=<IANA name>',
  companions: [],
  container: 'lines',
  rows: 'ordered',
  quoting: 'none',
  open({ header, options, context }) {
    checkOptions('datashop', options, ['kc', 'attempts', 'timezone'])
    return new DatashopReader(header, options, context)
  },
}

class DatashopReader implements RowReader {
  readonly #columns: Columns
  readonly #topics: (fields: string[]) => string[]
  readonly #firstOnly: boolean
  readonly #clock = new ZoneClock()
  readonly #zone: string | null
  readonly #source: EventSource
  readonly #transactions = new Counter()
  /** HINTs so far by student and step of a problem view. */
  readonly #hints = new Map<string, number>()

  constructor(header: string, options: Record<string, string>, context: ImportContext) {
    this.#columns = new Columns('datashop', header, '\t')
    this.#columns.require(
      REQUIRED,
      'Export "By Transaction" from DataShop; student-step tables have no single attempts.',
    )
    this.#topics = knowledgeComponents(this.#columns, options['kc'])
    const attempts = options['attempts'] ?? 'all'
    if (attempts !== 'all' && attempts !== 'first') {
      throw new ImportError(`Option attempts is '${attempts}'; give all or first.`)
    }
    this.#firstOnly = attempts === 'first'
    this.#zone = options['timezone'] ?? null
    if (this.#zone !== null && !this.#clock.knows(this.#zone)) {
      throw new ImportError(`Option timezone is '${this.#zone}'; give an IANA name such as America/New_York.`)
    }
    this.#source = new EventSource(context, 'datashop', 'datashop')
  }

  row(raw: string, line: number): ImportOutcome[] {
    const fields = raw.split('\t').map(unquote)
    if (fields.length !== this.#columns.count) {
      return reject('column_count', this.#columns.countMessage(fields.length), raw, line)
    }
    const get = (name: string) => fields[this.#columns.find(name)]?.trim() ?? ''
    const student = get('Anon Student Id')
    if (student === '') return reject('missing_student', 'Anon Student Id is empty. Fill it in.', raw, line)
    const whose = this.#source.pseudonym(student)
    const problem = get('Problem Name')
    if (problem === '') return reject('missing_item', 'Problem Name is empty. Fill it in.', raw, line, whose)
    const at = this.#clock.instant(get('Time'), this.#zone ?? get('Time Zone'))
    if (at === null) return reject('bad_time', 'Time is no time. Give YYYY-MM-DD HH:MM:SS.', raw, line, whose)
    const duration = get('Duration (sec)')
    const seconds = duration === '' || duration === '.' ? null : Number(duration)
    if (seconds !== null && !(seconds >= 0 && seconds < 1e12)) {
      return reject('bad_number', 'Duration (sec) is no number. Give seconds, or leave it empty.', raw, line, whose)
    }
    const given = get('Attempt At Step')
    if (given !== '' && !/^[1-9]\d{0,8}$/.test(given)) {
      return reject(
        'bad_number',
        'Attempt At Step is no number. Give 1, 2, 3, ..., or leave it empty.',
        raw,
        line,
        whose,
      )
    }

    const step = get('Step Name')
    const view = get('Problem View')
    const item = step === '' ? problem : `${problem} / ${step}`
    const event = this.#source.event(student, line, at, 'other', 'context', item, this.#topics(fields))
    event.session = get('Session Id') || null
    event.context = `${event.session ?? ''}/${view}`
    event.response_time_ms = seconds === null ? null : Math.round(seconds * 1000)
    const onStep = JSON.stringify([problem, view, step])
    this.#classify(event, student, onStep, get('Outcome').toUpperCase(), get('Student Response Type'), given)
    const transaction = get('Transaction Id')
    if (transaction === '') this.#source.identifyByOccurrence(event)
    else this.#source.identify(event, `transaction ${transaction}`)
    return [{ type: 'event', event }]
  }

  end(): ImportOutcome[] {
    return []
  }

  #classify(
    event: LearningEvent,
    student: string,
    onStep: string,
    outcome: string,
    responseType: string,
    given: string,
  ): void {
    const key = student + onStep
    const onTheStep = outcome === 'CORRECT' || outcome === 'INCORRECT' || outcome === 'HINT'
    const counted = onTheStep ? this.#transactions.next(student, onStep) : 0
    const position = given === '' ? counted : Number(given)
    if (outcome === 'CORRECT' || outcome === 'INCORRECT') {
      event.kind = 'practice_attempt'
      event.role = this.#firstOnly && position > 1 ? 'context' : 'evidence'
      event.hints = this.#hints.get(key) ?? 0
      gradeBinary(event, outcome === 'CORRECT')
      this.#source.attempt(event, position)
    } else if (outcome === 'HINT') {
      const hints = (this.#hints.get(key) ?? 0) + 1
      this.#hints.set(key, hints)
      event.kind = 'tutor_interaction'
      event.help_requests = 1
      if (this.#firstOnly && position === 1) {
        event.role = 'evidence'
        event.hints = hints
        gradeBinary(event, false)
        event.score_rule = 'hint-first'
        this.#source.attempt(event, 1)
      }
    } else if (outcome === '' && responseType === 'HINT_REQUEST') {
      event.kind = 'tutor_interaction'
      event.help_requests = 1
    } else {
      event.actions = { [(outcome || responseType || 'transaction').toLowerCase()]: 1 }
    }
  }
}

/** DataShop writes fields plain; spreadsheet programs that saved the export quote those that hold a comma or a quote. */
function unquote(field: string): string {
  if (field.length < 2 || field[0] !== '"' || field.at(-1) !== '"') return field
  return field.slice(1, -1).replaceAll('""', '"')
}
