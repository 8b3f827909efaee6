import type { EventKind, EventRole, LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import { blankEvent } from '../events/blank.ts'
import { hash53, hash128 } from '../events/hash.ts'
import { opportunityKey } from '../events/opportunity.ts'
import type { RejectCode } from '../rejects/codes.ts'
import { type ImportContext, ImportError, type ImportOutcome } from './importer.ts'

/**
 * Makes the events of one file. A file is its source's system of record, so authority is 'server', and observed_at is
 * occurred_at: the data's own clock.
 */
export class EventSource {
  readonly tenant: string
  readonly #context: ImportContext
  readonly #system: string
  readonly #dialect: string
  readonly #pseudonyms = new Map<string, string>()
  readonly #seen = new Map<string, Set<number>>()
  readonly #repeats = new Map<string, number>()

  constructor(context: ImportContext, system: string, dialect: string) {
    this.tenant = context.tenant
    this.#context = context
    this.#system = system
    this.#dialect = dialect
  }

  /** `student` is the source's own id. */
  pseudonym(student: string): string {
    let pseudonym = this.#pseudonyms.get(student)
    if (pseudonym === undefined) {
      pseudonym = this.#context.pseudonym(student)
      this.#pseudonyms.set(student, pseudonym)
    }
    return pseudonym
  }

  /** Lets go what is kept to tell the student's rows apart. */
  forget(student: string): void {
    this.#seen.delete(this.#pseudonyms.get(student) ?? student)
    this.#pseudonyms.delete(student)
  }

  /** An event with nothing but its place filled in; the format sets the rest, `event_id` included. `student` is the source's own id. */
  event(
    student: string,
    sequence: number,
    at: number,
    kind: EventKind,
    role: EventRole,
    item: string | null,
    topics: string[],
  ): LearningEvent {
    const event = blankEvent('', this.tenant, this.pseudonym(student), kind, at)
    event.role = role
    event.authority = 'server'
    event.item = item
    event.topics = topics
    event.source_sequence = sequence
    event.source_system = this.#system
    event.source_dialect = this.#dialect
    return event
  }

  /**
   * Names the event by what its row says, so that another import of the same file gives the same ids. `distinction` is
   * what the source has to tell two such rows apart (an attempt number, a transaction id).
   */
  identify(event: LearningEvent, distinction: string): void {
    if (this.#context.nameless) return
    const { student, item, topics, occurred_at } = event
    event.event_id = `${this.#system}:${hash128(student, item ?? '', topics.join('\u001f'), String(occurred_at), distinction)}`
  }

  /**
   * As `identify`, where the source has nothing to tell equal rows apart: the first, second, ... of them are told apart
   * by that count. Costs one set entry for every row of the file.
   */
  identifyByOccurrence(event: LearningEvent): void {
    if (this.#context.nameless) return
    const { student, item, topics, occurred_at } = event
    const key = hash53(`${item ?? ''}\u001e${topics.join('\u001f')}\u001e${occurred_at}`)
    let seen = this.#seen.get(student)
    if (seen === undefined) this.#seen.set(student, (seen = new Set()))
    let occurrence = 1
    if (seen.has(key)) {
      const repeated = `${student}${key}`
      occurrence = (this.#repeats.get(repeated) ?? 1) + 1
      this.#repeats.set(repeated, occurrence)
    } else {
      seen.add(key)
    }
    this.identify(event, `occurrence ${occurrence}`)
  }

  /** Sets the attempt number and the key of the opportunity that it makes. `row` stands in where there is no item. */
  attempt(event: LearningEvent, attempt: number, row = ''): void {
    event.attempt_number = attempt
    if (this.#context.nameless) return
    event.opportunity_key = opportunityKey({
      tenant: event.tenant,
      student: event.student,
      sourceSystem: this.#system,
      context: event.context ?? '',
      itemOrRow: event.item ?? row,
      attempt,
    })
  }
}

/** Counts per student and name: 1 for the first time, 2 for the second, ... */
export class Counter {
  readonly #students = new Map<string, Map<string, number>>()

  next(student: string, name: string): number {
    let counts = this.#students.get(student)
    if (counts === undefined) this.#students.set(student, (counts = new Map()))
    const count = (counts.get(name) ?? 0) + 1
    counts.set(name, count)
    return count
  }

  forget(student: string): void {
    this.#students.delete(student)
  }
}

/** Sets a graded answer: score 1 or 0. */
export function gradeBinary(event: LearningEvent, correct: boolean): void {
  event.correct = correct
  event.score = correct ? 1 : 0
  event.score_rule = 'binary'
}

/** `student` is a pseudonym, null where the row does not say whose it is. */
export function reject(
  code: RejectCode,
  message: string,
  raw: string,
  line: number,
  student: string | null = null,
): ImportOutcome[] {
  return [{ type: 'reject', code, message, line, raw, student }]
}

/** Throws an ImportError where an option is given that the format does not have: a misspelt one would otherwise be ignored. */
export function checkOptions(format: string, options: Record<string, string>, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue
    const has = known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`
    throw new ImportError(`Format '${format}' has no option '${name}'; ${has}. Remove the option or correct its name.`)
  }
}
