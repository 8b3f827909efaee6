import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import { chosenAction } from '../items/chosen-option.ts'
import type { RejectCode } from '../rejects/codes.ts'
import { Columns } from './columns.ts'
import { splitFields } from './delimited.ts'
import { type EdnetLecture, type EdnetQuestion, readLectures, readQuestions } from './ednet-catalog.ts'
import { addCount, OpenBundle, OpenView } from './ednet-open-item.ts'
import { Counter, checkOptions, EventSource, gradeBinary, reject } from './imported-event.ts'
import { ImportError, type ImportFormat, type ImportOutcome, type RowReader } from './importer.ts'

/** Sources of EdNet that test rather than let practise. */
const QUIZ_SOURCES = new Set(['diagnosis', 'review_quiz'])
const COMMERCE = new Set(['pay', 'refund', 'enroll_coupon'])
const SUPERSEDED = 'an answer that a later one of the same visit replaced: counted in actions.answer_changes'

/**
 * EdNet KT4, one file of actions per user, `u<N>.csv`: Choi et al., "EdNet: A Large-Scale Hierarchical Dataset in
 * Education", 2020. Every row gives exactly one outcome.
 *
 * `enter b` opens a bundle of questions. Of the answers to a question up to `submit` the last one counts; it is right
 * where it equals the question file's correct_answer. All questions of a submitted bundle happen at the submit, so they
 * share a time. A bundle left without a submit (quit, another enter, end of file) gives its answers at their own times.
 * response_time_ms runs from the entering of the bundle, so in a bundle of several it includes the questions before.
 * actions: what was done since entering, bundle-wide actions (audio) with every question, others with their question, and
 * the option that was chosen, `option:b`.
 *
 * A lecture or explanation gives one context event when it is left. Topics are the tags; see `topicsOf`.
 */
export const ednetKt4: ImportFormat = {
  id: 'ednet-kt4',
  summary: 'EdNet KT4 action log of one user (u<N>.csv). Options: student=<id> where the file name is another',
  companions: [
    { name: 'questions', required: true, summary: "EdNet's questions.csv: bundles, right answers, tags" },
    { name: 'lectures', required: false, summary: "EdNet's lectures.csv: tags and lengths of the lecture videos" },
  ],
  container: 'lines',
  rows: 'ordered',
  namedByStudent: true,
  open({ header, fileName, companions, options, context }) {
    checkOptions('ednet-kt4', options, ['student'])
    const student = options['student'] ?? /(?:^|[\\/])(u\d+)\.csv$/i.exec(fileName)?.[1]
    if (student === undefined) {
      throw new ImportError(
        `EdNet names the user in the file name, u<N>.csv, but the file is '${fileName}'. Rename it or give option student=<id>.`,
      )
    }
    if (companions['questions'] === undefined) {
      throw new ImportError("Format 'ednet-kt4' needs EdNet's questions.csv: give it as the companion 'questions'.")
    }
    return new Kt4Reader(
      header,
      student,
      readQuestions(companions['questions']),
      companions['lectures'] === undefined ? new Map() : readLectures(companions['lectures']),
      new EventSource(context, 'ednet', 'ednet-kt4'),
    )
  },
}

class Kt4Reader implements RowReader {
  readonly #columns: Columns
  readonly #index: number[]
  readonly #sourceColumn: number
  readonly #student: string
  readonly #questions: ReadonlyMap<string, EdnetQuestion>
  readonly #lectures: ReadonlyMap<string, EdnetLecture>
  readonly #source: EventSource
  readonly #attempts = new Counter()
  #open: OpenBundle | OpenView | null = null

  constructor(
    header: string,
    student: string,
    questions: ReadonlyMap<string, EdnetQuestion>,
    lectures: ReadonlyMap<string, EdnetLecture>,
    source: EventSource,
  ) {
    this.#columns = new Columns('ednet-kt4', header, ',')
    this.#index = this.#columns.require(
      ['timestamp', 'action_type', 'item_id', 'user_answer'],
      'Give a KT4 file: KT1 to KT3 lack actions.',
    )
    this.#sourceColumn = this.#columns.find('source')
    this.#student = student
    this.#questions = questions
    this.#lectures = lectures
    this.#source = source
  }

  row(raw: string, line: number): ImportOutcome[] {
    const fields = splitFields(raw, ',')
    if (fields?.length !== this.#columns.count) {
      return this.#reject('column_count', this.#columns.countMessage(fields?.length ?? 0), raw, line)
    }
    const [time, action, item, answer] = this.#index.map((i) => fields[i]!) as [string, string, string, string]
    if (!/^\d{1,15}$/.test(time)) {
      return this.#reject('bad_time', 'timestamp is no time. Give epoch milliseconds.', raw, line)
    }
    const at = Number(time)
    if (action === 'enter') {
      const quiz = QUIZ_SOURCES.has(fields[this.#sourceColumn] ?? '')
      return this.#enter(item, at, line, quiz)
    }
    if (action === 'submit' || action === 'quit') return this.#leave(action, item, at)
    if (action === 'respond') return this.#respond(item, answer.trim().toLowerCase(), at, raw, line)
    if (COMMERCE.has(action)) return skip(`${action}: no learning action`)
    if (action === '') return this.#reject('missing_action', 'action_type is empty. Fill it in.', raw, line)
    const open = this.#open
    const ofOpen = open !== null && (item === open.id || (open instanceof OpenView && open.id[0] === 'e'))
    if (!ofOpen && !(open instanceof OpenBundle && this.#questions.get(item)?.bundle === open.id)) {
      return skip(`${action}: outside of any item that is open`)
    }
    const cursor = fields[this.#columns.find('cursor_time')] ?? ''
    open.act(action, item, at, cursor === '' ? null : Number(cursor))
    return skip(`${action}: counted in the actions of what is open`)
  }

  end(): ImportOutcome[] {
    return this.#close(null)
  }

  /** Every row of the file is its one student's. */
  #reject(code: RejectCode, message: string, raw: string, line: number): ImportOutcome[] {
    return reject(code, message, raw, line, this.#source.pseudonym(this.#student))
  }

  #enter(item: string, at: number, line: number, quiz: boolean): ImportOutcome[] {
    const outcomes = this.#close(null)
    if (item[0] === 'b') {
      this.#open = new OpenBundle(item, at, quiz)
    } else if (item[0] === 'l' || item[0] === 'e') {
      // This row's outcome is the event that the leaving gives.
      this.#open = new OpenView(item, at, line)
      return outcomes
    } else {
      return outcomes.concat(skip('enter: neither a bundle nor a lecture nor an explanation'))
    }
    return outcomes.concat(skip('enter: opens a bundle, its time is in the response times'))
  }

  #leave(action: 'submit' | 'quit', item: string, at: number): ImportOutcome[] {
    if (this.#open?.id !== item) return skip(`${action}: of an item that is not open`)
    const submitted = action === 'submit' || this.#open instanceof OpenView
    return this.#close(submitted ? at : null).concat(skip(`${action}: closes what is open`))
  }

  #respond(item: string, answer: string, at: number, raw: string, line: number): ImportOutcome[] {
    const question = this.#questions.get(item)
    if (question === undefined) {
      return this.#reject(
        'unknown_question',
        'The questions file lacks item_id. Give the one that belongs to the log.',
        raw,
        line,
      )
    }
    if (answer === '') return this.#reject('missing_answer', 'user_answer is empty. Fill it in.', raw, line)
    if (this.#open instanceof OpenBundle && this.#open.id === question.bundle) {
      return this.#open.respond(item, answer, at, line) ? skip(SUPERSEDED) : []
    }
    const event = this.#answer(item, question, answer, at, line, false)
    return [{ type: 'event', event }]
  }

  /** Gives what the open item has been gathering. `at`: when it was left properly; null: it was left without a word. */
  #close(at: number | null): ImportOutcome[] {
    const open = this.#open
    this.#open = null
    if (open === null) return []
    if (open instanceof OpenView) return [{ type: 'event', event: this.#view(open, at ?? open.lastActionAt) }]
    const outcomes: ImportOutcome[] = []
    for (const answer of open.answers()) {
      const question = this.#questions.get(answer.item)!
      const event = this.#answer(answer.item, question, answer.answer, at ?? answer.at, answer.line, open.quiz)
      event.response_time_ms = answer.at >= open.enteredAt ? answer.at - open.enteredAt : null
      event.first_action_ms = open.firstActionAt >= open.enteredAt ? open.firstActionAt - open.enteredAt : null
      event.actions = { ...answer.actions, ...event.actions }
      outcomes.push({ type: 'event', event })
    }
    return outcomes
  }

  #answer(
    item: string,
    question: EdnetQuestion,
    answer: string,
    at: number,
    line: number,
    quiz: boolean,
  ): LearningEvent {
    const graded = question.answer !== ''
    const event = this.#source.event(
      this.#student,
      line,
      at,
      quiz ? 'quiz_attempt' : 'practice_attempt',
      graded ? 'evidence' : 'context',
      item,
      question.topics,
    )
    event.context = question.bundle
    if (graded) gradeBinary(event, answer === question.answer)
    const chosen = chosenAction(answer)
    if (chosen !== null) event.actions = { [chosen]: 1 }
    const attempt = this.#attempts.next(this.#student, item)
    this.#source.attempt(event, attempt)
    this.#source.identify(event, `attempt ${attempt}`)
    return event
  }

  #view(open: OpenView, at: number): LearningEvent {
    const lecture = open.id[0] === 'l' ? this.#lectures.get(open.id) : undefined
    const kind = open.id[0] === 'l' ? 'video_interaction' : 'other'
    const event = this.#source.event(this.#student, open.line, at, kind, 'context', open.id, lecture?.topics ?? [])
    event.actions = addCount(open.actions, kind === 'other' ? 'view_explanation' : 'view_lecture')
    event.first_action_ms = open.firstActionAt >= open.enteredAt ? open.firstActionAt - open.enteredAt : null
    event.video_coverage = open.coverage(lecture?.length ?? null, at)
    this.#source.identify(event, `entered ${open.enteredAt}`)
    return event
  }
}

function skip(reason: string): ImportOutcome[] {
  return [{ type: 'skip', reason }]
}
