import type { EventAuthority, EventKind, LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import { blankEvent } from '../events/blank.ts'
import { opportunityKey } from '../events/opportunity.ts'
import { DAY, HOUR } from './calendar.ts'
import { type Curriculum, ITEMS_PER_TOPIC, type SchoolItem } from './curriculum.ts'
import { hoursToDays, LATE_FROM, OFFLINE, type Outbox } from './outbox.ts'
import type { Planted } from './planted.ts'
import type { Random } from './random.ts'
import { PROFILES } from './skill.ts'
import { type QuizPlayer, RAPID_BELOW, SOURCES, type Source } from './sources.ts'
import type { Learner } from './student.ts'

export type Activity = 'quiz' | 'assignment' | 'practice' | 'video' | 'tutor'

export interface Setting {
  tenant: string
  /** Distinguishes the ids of this simulation from those of another one. */
  run: string
  random: Random
  curriculum: Curriculum
  outbox: Outbox
  planted: Planted
  /** Hears of the truth at every sitting; null: nobody does. */
  seen: ((seen: SkillSeen) => void) | null
}

/** What a student truly knew of a topic at the end of a sitting with it. */
export interface SkillSeen {
  /** Pseudonym. */
  student: string
  topic: string
  /** UTC milliseconds. */
  at: number
  /** True chance of a correct earnest answer, without hints, on the topic's average item. */
  trueProbability: number
}

const BROWSER_VIEW = 0.03
const UNGRADED_ASSIGNMENT = 0.06
const FEEDBACK = 0.15

/** One sitting of one student with one activity. Stops at once when the school's number of events is reached. */
export class Session {
  readonly #setting: Setting
  readonly #learner: Learner
  readonly #id: string
  readonly #context: string
  readonly #back: number | null
  #now: number

  constructor(setting: Setting, learner: Learner, start: number, number: number, context: string | null) {
    this.#setting = setting
    this.#learner = learner
    this.#now = Math.max(start, learner.busyUntil + 20_000)
    this.#id = `${setting.run}-s${number.toString(36)}`
    this.#context = context ?? this.#id
    this.#back = setting.random.chance(OFFLINE) ? this.#now + HOUR + LATE_FROM + hoursToDays(setting.random) : null
  }

  play(activity: Activity, topic: number, player: QuizPlayer): void {
    this.#learner.touch(topic, this.#now)
    if (activity === 'quiz') this.#quiz(topic, SOURCES[player])
    else if (activity === 'practice') this.#practice(topic)
    else if (activity === 'assignment') this.#assignment(topic)
    else if (activity === 'video') this.#video(topic)
    else this.#tutor(topic)
    this.#learner.busyUntil = this.#now
    const { seen, curriculum } = this.#setting
    const { pseudonym: student } = this.#learner
    const trueProbability = this.#learner.trueProbability(topic)
    seen?.({ student, topic: curriculum.topics[topic]!.id, at: this.#now, trueProbability })
  }

  #quiz(topic: number, source: Source): void {
    for (const item of this.#items(topic, this.#setting.random.between(5, 10))) this.#attempt(item, source, 1, 0)
  }

  #practice(topic: number): void {
    const { random } = this.#setting
    const hinting = PROFILES[this.#learner.identity.profile].hint
    for (const item of this.#items(topic, random.between(4, 8))) {
      let hints = 0
      for (let attempt = 1; attempt <= 3; attempt++) {
        while (hints < 3 && random.chance(attempt === 1 ? hinting : 0.2 + 0.6 * hinting)) hints++
        if (this.#attempt(item, SOURCES.practice, attempt, hints) || !random.chance(0.75)) break
      }
    }
  }

  /** One graded answer, and at times the browser's own report of it. Returns whether it was correct. */
  #attempt(item: SchoolItem, source: Source, attempt: number, hints: number): boolean {
    const { random, outbox } = this.#setting
    if (outbox.remaining === 0) return true
    this.#touch(item)
    const learner = this.#learner
    const guessing = random.chance(PROFILES[learner.identity.profile].rapid)
    const correct =
      learner.answer(item, { parts: 1, hints, retries: attempt - 1, guessing, graded: true, ...this.#drift(item) }) ===
      1
    learner.told(item.topics, correct ? 1 : 0)
    const ms = guessing ? random.between(350, RAPID_BELOW - 100) : this.#time(item, hints)
    this.#now += random.between(600, 4000) + ms

    const practice = source === SOURCES.practice
    const event = this.#event(practice ? 'practice_attempt' : 'quiz_attempt', source, 'server')
    event.role = 'evidence'
    event.correct = correct
    event.score = correct ? 1 : 0
    event.score_rule = 'success'
    event.response_time_ms = ms
    event.first_action_ms = Math.floor(ms * (0.2 + 0.5 * random.uniform()))
    event.actions = guessing ? { select: 1 } : { select: random.between(1, 3), scroll: random.between(0, 4) }
    if (practice) {
      event.hints = hints
      if (hints === 3) event.answer_request_ms = Math.floor(ms * (0.7 + 0.2 * random.uniform()))
    }
    this.#identify(event, item, source, attempt)
    if (outbox.remaining > 2 && random.chance(BROWSER_VIEW)) {
      const view = this.#event(event.kind, source, 'client')
      view.role = 'view'
      view.source_dialect = source.browser
      view.correct = correct
      view.score = event.score
      view.score_rule = 'success'
      view.response_time_ms = ms
      view.attempt_number = event.attempt_number
      view.opportunity_key = event.opportunity_key
      view.item = event.item
      view.topics = event.topics
      outbox.send(view, this.#back)
    }
    outbox.send(event, this.#back)
    return correct
  }

  #assignment(topic: number): void {
    const { random, outbox } = this.#setting
    const graded = !random.chance(UNGRADED_ASSIGNMENT)
    let points = 0
    let tasks = 0
    for (const item of this.#items(topic, random.between(3, 6))) {
      if (outbox.remaining === 0) return
      this.#touch(item)
      const right = this.#learner.answer(item, {
        parts: 4,
        hints: 0,
        retries: 0,
        guessing: false,
        graded,
        ...this.#drift(item),
      })
      const ms = 2 * this.#time(item, 0)
      this.#now += random.between(2000, 20_000) + ms
      const event = this.#event('assignment_submission', SOURCES.assignment, 'server')
      event.response_time_ms = ms
      this.#identify(event, item, SOURCES.assignment, 1)
      if (graded) {
        event.role = 'evidence'
        event.score = right / 4
        event.score_rule = 'given/max'
        event.correct = right >= 2
        this.#learner.told(item.topics, event.score)
      }
      points += right
      tasks++
      outbox.send(event, this.#back)
    }
    if (graded && tasks > 0 && outbox.remaining > 0 && random.chance(FEEDBACK))
      this.#feedback(topic, points / tasks / 4)
  }

  /** The teacher's own mark, on the afternoon of a later day. */
  #feedback(topic: number, share: number): void {
    const { random, curriculum, outbox } = this.#setting
    const event = this.#event('teacher_feedback', SOURCES.feedback, 'server')
    const noisy = 0.5 * share + 0.5 * this.#learner.trueProbability(topic) + 0.08 * random.normal()
    event.occurred_at =
      (Math.floor(this.#now / DAY) + random.between(1, 3)) * DAY + 14 * HOUR + random.between(0, 4 * HOUR)
    event.topics = [curriculum.topics[topic]!.id]
    event.score = Math.max(0, Math.min(20, Math.round(20 * noisy))) / 20
    event.score_rule = 'given/max'
    outbox.send(event, null)
  }

  #video(topic: number): void {
    const { random, curriculum, outbox } = this.#setting
    const { id } = curriculum.topics[topic]!
    const video = `${id}-v${random.between(1, 4)}`
    let coverage = 0
    for (let part = random.between(1, 3); part > 0 && outbox.remaining > 0; part--) {
      const watched = (1 - coverage) * (0.3 + 0.7 * random.uniform())
      coverage += watched
      this.#now += Math.floor(watched * 420_000) + random.between(1000, 30_000)
      this.#learner.practise([topic], 1.5 * watched)
      const event = this.#event('video_interaction', SOURCES.video, 'client')
      event.item = video
      event.topics = [id]
      event.video_coverage = Math.round(1000 * coverage) / 1000
      event.actions = { play: random.between(1, 3), pause: random.between(0, 3), seek: random.between(0, 4) }
      outbox.send(event, this.#back)
    }
  }

  #tutor(topic: number): void {
    const { random, curriculum, outbox } = this.#setting
    const { id } = curriculum.topics[topic]!
    for (let turn = random.between(2, 5); turn > 0 && outbox.remaining > 0; turn--) {
      this.#now += random.between(20_000, 120_000)
      this.#learner.practise([topic], 0.5)
      const event = this.#event('tutor_interaction', SOURCES.tutor, 'server')
      event.topics = [id]
      event.help_requests = random.between(1, 3)
      event.actions = { message: random.between(1, 6) }
      outbox.send(event, this.#back)
    }
  }

  /** `count` different items of the topic in a drawn order: 7 and 40 have no common factor. */
  *#items(topic: number, count: number): Generator<SchoolItem> {
    const items = this.#setting.curriculum.items[topic]!
    const first = this.#setting.random.between(0, ITEMS_PER_TOPIC - 1)
    for (let i = 0; i < count; i++) yield items[(first + 7 * i) % ITEMS_PER_TOPIC]!
  }

  #touch(item: SchoolItem): void {
    const second = item.topics[1]
    if (second !== undefined) this.#learner.touch(second, this.#now)
  }

  #drift(item: SchoolItem): { planted: number; flipped: boolean } {
    const { planted } = this.#setting
    return { planted: planted.logits(item.id, this.#now), flipped: planted.flipped(item.id, this.#now) }
  }

  /** Log-normal time of an earnest answer; hints take time to read. Milliseconds, at least RAPID_BELOW. */
  #time(item: SchoolItem, hints: number): number {
    const { random, planted } = this.#setting
    const ms = planted.slower(this.#now) * item.medianMs * Math.exp(0.45 * random.normal()) + 6000 * hints
    return Math.min(600_000, Math.max(RAPID_BELOW, Math.floor(ms)))
  }

  #identify(event: LearningEvent, item: SchoolItem, source: Source, attempt: number): void {
    event.item = item.id
    event.topics = item.topicIds
    if (!source.numbered) return
    event.attempt_number = attempt
    event.opportunity_key = opportunityKey({
      tenant: event.tenant,
      student: event.student,
      sourceSystem: source.system,
      context: this.#context,
      itemOrRow: item.id,
      attempt,
    })
  }

  /** An ungraded event of this session at this moment. */
  #event(kind: EventKind, source: Source, authority: EventAuthority): LearningEvent {
    const { run, tenant } = this.#setting
    const { pseudonym, identity } = this.#learner
    const sequence = ++this.#learner.sequence
    const id = `${run}-${identity.id}-${sequence.toString(36)}`
    const event = blankEvent(id, tenant, pseudonym, kind, this.#now)
    event.authority = authority
    event.source_system = source.system
    event.source_dialect = source.dialect
    event.adapter_version = 'school-1'
    event.session = this.#id
    event.context = this.#context
    event.source_sequence = sequence
    return event
  }
}
