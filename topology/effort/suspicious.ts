import { GAMING_PATTERNS, GamingDetector, type TutorAction } from './gaming.ts'

/** What a student did, as far as events keep it. */
export interface Click {
  /** UTC milliseconds. */
  at: number
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

/** A session with something to look at. */
export interface SuspiciousSession {
  from: number
  to: number
  answers: number
  /** Answers below the threshold of their item, and those of them that are right. */
  rapid: number
  rapidRight: number
  /** Answers that were asked for within five seconds. */
  askedAtOnce: number
  /** Times that each pattern of gaming was completed. */
  patterns: { pattern: string; times: number }[]
}

/** As in the patterns: nobody has thought before it. */
const AT_ONCE_MS = 5_000
/** Without a session's name a pause as long as this begins another one. */
const PAUSE_MS = 30 * 60_000

const isRapid = (c: Click) =>
  c.kind === 'answer' &&
  c.thresholdMs !== null &&
  c.responseMs !== null &&
  c.responseMs > 0 &&
  c.responseMs < c.thresholdMs
const isAskedAtOnce = (c: Click) => c.kind === 'answer' && c.answerRequestMs !== null && c.answerRequestMs < AT_ONCE_MS

/**
 * Sessions with rapid guesses, answers that were asked for at once, or patterns of gaming, newest first. Of the thirteen
 * patterns those that compare what was entered are found only where the source names the chosen option.
 * @param clicks of one student, the oldest first
 */
export function suspiciousSessions(clicks: readonly Click[]): SuspiciousSession[] {
  return sessionsOf(clicks)
    .map(judged)
    .filter((s) => s.rapid > 0 || s.askedAtOnce > 0 || s.patterns.length > 0)
    .reverse()
}

function sessionsOf(clicks: readonly Click[]): Click[][] {
  const sessions: Click[][] = []
  for (const c of clicks) {
    const last = sessions.at(-1)?.at(-1)
    const goesOn =
      last !== undefined && c.session === last.session && (c.session !== null || c.at - last.at <= PAUSE_MS)
    if (goesOn) sessions.at(-1)!.push(c)
    else sessions.push([c])
  }
  return sessions
}

function judged(session: readonly Click[]): SuspiciousSession {
  const detector = new GamingDetector()
  const times = GAMING_PATTERNS.map(() => 0)
  let before: Click | null = null
  for (const c of session) {
    for (const action of actionsOf(c, before)) {
      const found = detector.next(action)
      for (let p = 0; p < times.length; p++) if ((found >> p) & 1) times[p]!++
    }
    before = c
  }
  const rapid = session.filter(isRapid)
  return {
    from: session[0]!.at,
    to: session.at(-1)!.at,
    answers: session.filter((c) => c.kind === 'answer').length,
    rapid: rapid.length,
    rapidRight: rapid.filter((c) => c.right).length,
    askedAtOnce: session.filter(isAskedAtOnce).length,
    patterns: times.flatMap((n, p) => (n === 0 ? [] : [{ pattern: GAMING_PATTERNS[p]!, times: n }])),
  }
}

/** The request for the answer, or the hints, before an answer are an action of their own. */
function actionsOf(c: Click, before: Click | null): TutorAction[] {
  const since = before === null || c.at === before.at ? Number.NaN : c.at - before.at
  const place = { answer: null, choice: false, problem: c.item ?? '', step: c.item ?? '' }
  if (c.kind === 'help') return [{ ...place, kind: 'help', pauseMs: since }]
  const whole = c.responseMs ?? since
  const asked = c.answerRequestMs
  const answer: TutorAction = {
    ...place,
    kind: c.right ? 'right' : 'wrong',
    pauseMs: asked === null ? whole : whole - asked,
    answer: c.option,
    choice: c.option !== null,
  }
  if (asked !== null) return [{ ...place, kind: 'help', pauseMs: asked }, answer]
  return c.hints > 0 ? [{ ...place, kind: 'help', pauseMs: Number.NaN }, answer] : [answer]
}
