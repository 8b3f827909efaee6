import type { TutorAction } from './gaming.ts'

/** What a student did, as far as events keep it. */
export interface Click {
  /** UTC milliseconds. */
  at: number
  /** Which system told of it. */
  source: string
  session: string | null
  item: string | null
  /** An answer, or a request for help. */
  kind: 'answer' | 'help'
  right: boolean
  /** From shown to answered; null: not known. */
  responseMs: number | null
  /** Below it an answer to the item is a rapid guess; null: not known. */
  thresholdMs: number | null
  /** Hints seen before the answer. */
  hints: number
  /** Time to the request for the answer; null: it was not requested, or nobody said. */
  answerRequestMs: number | null
  /** Name of the option that was chosen, where the source says. */
  option: string | null
}

/** Without a session's name a pause as long as this begins another one. */
const PAUSE_MS = 30 * 60_000

/**
 * A student's clicks, in order, as the actions that patterns of gaming are looked for in. Events keep no text of
 * students: an answer is the option that was chosen, else what was entered is lost, and so is what the tutor knew of an
 * error. Hints of a source that writes no requests are one request before the answer that tells of them.
 */
export class ClickActions {
  private before: Click | null = null
  /** Sources that write a request for help as an event. */
  private readonly asking = new Set<string>()
  /** Hints of earlier answers to an item of this session that no right answer has ended. */
  private readonly hinted = new Map<string, number>()
  /** Items on which help was requested at this instant. */
  private helped: string[] = []
  /** Something of this session had a time. */
  private timed = false

  /** Whether the click begins another session, and its actions: none where it repeats a request. */
  next(c: Click): { begins: boolean; actions: TutorAction[] } {
    const { before } = this
    const goesOn =
      before !== null && c.session === before.session && (c.session !== null || c.at - before.at <= PAUSE_MS)
    if (!goesOn) {
      this.hinted.clear()
      this.timed = false
    }
    if (!goesOn || c.at !== before.at) this.helped = []
    if (this.repeats(c)) return { begins: !goesOn, actions: [] }
    this.before = c
    return { begins: !goesOn, actions: this.actionsOf(c, goesOn, before?.at ?? Number.NaN) }
  }

  /** DataShop exports may have a request for help on a step, and of the same instant one on its problem. */
  private repeats({ kind, item }: Click): boolean {
    if (kind !== 'help' || item === null) return false
    if (this.helped.some((of) => of.startsWith(`${item} / `))) return true
    this.helped.push(item)
    return false
  }

  private actionsOf(c: Click, goesOn: boolean, before: number): TutorAction[] {
    const since = goesOn && c.at !== before ? c.at - before : Number.NaN
    // Answers that are submitted together were not given one after the other, however soon the next one seems to come.
    const together = c.responseMs === 0 && c.at === before
    // A source that times other answers of the session does not know this one's time, however long the pause was.
    const whole = together || (c.responseMs === null && this.timed) ? Number.NaN : (c.responseMs ?? since)
    if (c.responseMs !== null) this.timed = true
    const item = c.item ?? ''
    const place = { answer: null, choice: false, problem: item, step: item }
    if (c.kind === 'help') {
      this.asking.add(c.source)
      return [{ ...place, kind: 'help', pauseMs: whole }]
    }
    const known = this.hinted.get(item) ?? 0
    if (c.right) this.hinted.delete(item)
    else this.hinted.set(item, Math.max(known, c.hints))
    const asked = c.answerRequestMs
    const answer: TutorAction = {
      ...place,
      kind: c.right ? 'right' : 'wrong',
      pauseMs: asked === null ? whole : whole - asked,
      answer: c.option,
      choice: c.option !== null,
      lost: { answer: c.option === null, bug: true },
    }
    if (asked !== null) return [{ ...place, kind: 'help', pauseMs: asked }, answer]
    const unseen = c.hints > known && !this.asking.has(c.source)
    return unseen ? [{ ...place, kind: 'help', pauseMs: Number.NaN }, answer] : [answer]
  }
}
