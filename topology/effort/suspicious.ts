import { type Click, ClickActions } from './click-actions.ts'
import { GAMING_PATTERNS, GamingDetector } from './gaming.ts'

export type { Click } from './click-actions.ts'

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
  const sessions: Session[] = []
  const source = new ClickActions()
  for (const c of clicks) {
    const { begins, actions } = source.next(c)
    if (begins) sessions.push({ clicks: [], detector: new GamingDetector(), times: GAMING_PATTERNS.map(() => 0) })
    const { detector, times, clicks: all } = sessions.at(-1)!
    all.push(c)
    for (const action of actions) {
      const found = detector.next(action)
      for (let p = 0; p < times.length; p++) if ((found >> p) & 1) times[p]!++
    }
  }
  return sessions
    .map(judged)
    .filter((s) => s.rapid > 0 || s.askedAtOnce > 0 || s.patterns.length > 0)
    .reverse()
}

interface Session {
  clicks: Click[]
  detector: GamingDetector
  /** By pattern. */
  times: number[]
}

function judged({ clicks, times }: Session): SuspiciousSession {
  const rapid = clicks.filter(isRapid)
  return {
    from: clicks[0]!.at,
    to: clicks.at(-1)!.at,
    answers: clicks.filter((c) => c.kind === 'answer').length,
    rapid: rapid.length,
    rapidRight: rapid.filter((c) => c.right).length,
    askedAtOnce: clicks.filter(isAskedAtOnce).length,
    patterns: times.flatMap((n, p) => (n === 0 ? [] : [{ pattern: GAMING_PATTERNS[p]!, times: n }])),
  }
}
