import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import { Columns } from './columns.ts'
import { splitFields } from './delimited.ts'
import { topicsOf } from './ednet-catalog.ts'
import { Counter, checkOptions, EventSource, gradeBinary, reject } from './imported-event.ts'
import type { ImportContext, ImportFormat, ImportOutcome, RowReader } from './importer.ts'

/** `timestamp` counts milliseconds from each user's own first event; all of them are put on this instant. */
const EPOCH = Date.UTC(2019, 0, 1)
/** Riiid's tags are 0 to 187. Larger numbers in a `tag` column are leftovers of a join, seen in published extracts. */
const LARGEST_TAG = 187

/**
 * Riiid Answer Correctness Prediction (Kaggle 2020) train.csv, joined with questions.csv or lectures.csv or not.
 *
 * Topics: `tags` (space-separated), else `tag`, else `part-<n>` of column `part`; none without these columns.
 * prior_question_elapsed_time (mean per question) and prior_question_had_explanation tell of the user's previous bundle,
 * so a bundle is held back until the user's next one brings its response_time_ms and actions.view_explanation; the last
 * of each user comes at the end of the file without them. Lectures are context; their ids overlap with those of the
 * questions, so their item is `lecture-<id>`.
 */
export const riiid: ImportFormat = {
  id: 'riiid',
  summary: 'Riiid Answer Correctness Prediction train.csv, with or without columns part, tags, tag',
  companions: [],
  container: 'lines',
  rows: 'ordered',
  open({ header, options, context }) {
    checkOptions('riiid', options, [])
    return new RiiidReader(header, context)
  },
}

/** A user's last bundle and the lectures after it. */
interface Held {
  bundle: string
  answers: LearningEvent[]
  events: LearningEvent[]
}

class RiiidReader implements RowReader {
  readonly #columns: Columns
  readonly #index: number[]
  readonly #optional: number[]
  readonly #source: EventSource
  readonly #attempts = new Counter()
  readonly #held = new Map<string, Held>()

  constructor(header: string, context: ImportContext) {
    this.#columns = new Columns('riiid', header, ',')
    this.#index = this.#columns.require(
      ['timestamp', 'user_id', 'content_id', 'content_type_id', 'task_container_id', 'answered_correctly'],
      'Give train.csv of the Riiid competition or a join that keeps its columns.',
    )
    this.#optional = ['prior_question_elapsed_time', 'prior_question_had_explanation', 'tags', 'tag', 'part'].map(
      (name) => this.#columns.find(name),
    )
    this.#source = new EventSource(context, 'riiid', 'riiid')
  }

  row(raw: string, line: number): ImportOutcome[] {
    const fields = splitFields(raw, ',')
    if (fields?.length !== this.#columns.count) {
      return reject('column_count', this.#columns.countMessage(fields?.length ?? 0), raw, line)
    }
    const values = this.#index.map((i) => fields[i]!) as [string, string, string, string, string, string]
    const [time, user, content, type, container, answered] = values
    const [elapsed, explained, tags, tag, part] = this.#optional.map((i) => fields[i] ?? '') as string[]
    const whose = user === '' ? null : this.#source.pseudonym(user)
    if (!/^\d{1,14}$/.test(time)) {
      return reject(
        'bad_time',
        "timestamp is no time. Give milliseconds since the user's first event.",
        raw,
        line,
        whose,
      )
    }
    if (whose === null) return reject('missing_student', 'user_id is empty. Fill it in.', raw, line)
    if (content === '') return reject('missing_item', 'content_id is empty. Fill it in.', raw, line, whose)
    const at = EPOCH + Number(time)
    const topics = topicsOf(tags || tagOf(tag!), ' ', part!)
    if (type === '1') {
      const event = this.#source.event(user, line, at, 'video_interaction', 'context', `lecture-${content}`, topics)
      event.context = container
      event.actions = { view_lecture: 1 }
      this.#source.identifyByOccurrence(event)
      const held = this.#held.get(user)
      if (held === undefined) return [{ type: 'event', event }]
      held.events.push(event)
      return []
    }
    if (type !== '0') {
      return reject(
        'bad_content_type',
        'content_type_id is unknown. Give 0 for a question, 1 for a lecture.',
        raw,
        line,
        whose,
      )
    }
    const correct = Number(answered)
    if (answered === '' || (correct !== 0 && correct !== 1)) {
      return reject('bad_correct', 'answered_correctly is neither 1 nor 0. Give one of them.', raw, line, whose)
    }
    const prior = elapsed === '' ? null : Number(elapsed)
    if (prior !== null && !(prior >= 0 && prior < Number.MAX_SAFE_INTEGER)) {
      return reject(
        'bad_number',
        'prior_question_elapsed_time is no number. Give milliseconds, or leave it empty.',
        raw,
        line,
        whose,
      )
    }
    const event = this.#source.event(user, line, at, 'practice_attempt', 'evidence', content, topics)
    event.context = container
    gradeBinary(event, correct === 1)
    this.#source.attempt(event, this.#attempts.next(user, content))
    this.#source.identifyByOccurrence(event)
    return this.#hold(
      user,
      `${container} ${time}`,
      event,
      prior,
      explained === '1' || explained?.toLowerCase() === 'true',
    )
  }

  end(): ImportOutcome[] {
    return [...this.#held.values()].flatMap(({ events }) => release(events))
  }

  forget(user: string): void {
    this.#held.delete(user)
    this.#attempts.forget(user)
    this.#source.forget(user)
  }

  #hold(user: string, bundle: string, event: LearningEvent, prior: number | null, explained: boolean): ImportOutcome[] {
    const held = this.#held.get(user)
    if (held?.bundle === bundle) {
      held.answers.push(event)
      held.events.push(event)
      return []
    }
    this.#held.set(user, { bundle, answers: [event], events: [event] })
    if (held === undefined) return []
    for (const answer of held.answers) {
      answer.response_time_ms = prior === null ? null : Math.round(prior)
      if (explained) answer.actions = { view_explanation: 1 }
    }
    return release(held.events)
  }
}

function release(events: LearningEvent[]): ImportOutcome[] {
  return events.map((event) => ({ type: 'event', event }))
}

function tagOf(tag: string): string {
  return /^\d+$/.test(tag) && Number(tag) <= LARGEST_TAG ? tag : ''
}
