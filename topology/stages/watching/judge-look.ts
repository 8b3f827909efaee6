import type { Evidence } from '@mastery/schemas/src/generated/alert.gen.ts'
import type { OpsSignal, SignalSubject } from '@mastery/schemas/src/generated/ops-signal.gen.ts'
import { isAbout, type WatchKind, type WatchRule } from '../../alerts/watch-rule.ts'
import { fact, placeOf } from './judge-part.ts'
import type { Verdict } from './machine.ts'
import { eventsOf, type Source } from './sources.ts'

/** So many of what was found are named. */
const NAMED = 5
const FIGURES = 3

/** Which signal a rule goes by; null: none. */
export function signalOf(rule: Pick<WatchRule, 'kind' | 'measure'>): OpsSignal['kind'] | null {
  if (rule.kind === 'pipeline') return null
  if (rule.kind === 'data_quality') return rule.measure === 'drift' ? 'data_drift' : null
  return rule.kind
}

/** How evidence calls one of what was found. */
const CALLED: Readonly<Record<Exclude<WatchKind, 'pipeline'>, string>> = {
  data_quality: 'series',
  model_drift: 'model',
  item_health: 'item',
  item_drift: 'item',
}

/** Of several that were found, by which of them one alert is. */
function subjectOf(rule: WatchRule, s: SignalSubject): string {
  if (rule.kind === 'model_drift') return s.subject
  return rule.kind === 'data_quality' ? '' : (s.topic ?? '')
}

const nameOf = (rule: WatchRule, s: SignalSubject) => (rule.kind === 'data_quality' ? s.subject : subjectOf(rule, s))

/** What a look found that a rule counts, by what one alert is about. In the signal's order: the worst first. */
export function foundBy(rule: WatchRule, signal: OpsSignal): Map<string, SignalSubject[]> {
  const found = new Map<string, SignalSubject[]>()
  for (const s of signal.subjects) {
    if (!isAbout(rule, nameOf(rule, s))) continue
    if (rule.findings !== null && !s.findings.some((f) => rule.findings!.includes(f))) continue
    const key = subjectOf(rule, s)
    found.set(key, [...(found.get(key) ?? []), s])
  }
  return found
}

/** What a rule says of what was found of one thing in a look. */
export function judgeLook(
  rule: WatchRule,
  signal: OpsSignal,
  subject: string,
  found: readonly SignalSubject[],
): Verdict {
  const called = CALLED[rule.kind as Exclude<WatchKind, 'pipeline'>]
  const evidence: Evidence[] = []
  if (found.length > 0) {
    if (rule.kind !== 'model_drift') evidence.push(fact('found', found.length))
    for (const s of found.slice(0, NAMED)) {
      evidence.push(fact(called, null, s.subject))
      const counted = rule.findings === null ? s.findings : s.findings.filter((f) => rule.findings!.includes(f))
      for (const f of counted) evidence.push(fact('finding', null, f))
      for (const f of s.figures.slice(0, FIGURES)) evidence.push(fact('figure', f.value, f.code))
    }
    const since = found.flatMap((s) => (s.since === null ? [] : [s.since]))
    if (since.length > 0) evidence.push(fact('since', Math.min(...since)))
  }
  if (found.length === 0 && rule.kind === 'model_drift') evidence.push(fact(called, null, subject))
  evidence.push(fact('looked_at', signal.looked_at), fact('as_of', signal.as_of))
  return { at: placeOf(found.length, rule), evidence, members: found.map((s) => s.subject) }
}

/** What a rule on rejected events says of a source; null: too few came. */
export function judgeSource(s: Source, rule: WatchRule, now: number): Verdict | null {
  const { accepted, rejected } = eventsOf(s, now, rule.window)
  const events = accepted + rejected
  if (events < rule.least) return null
  const share = rejected / events
  const evidence = [
    fact('source', null, s.name),
    fact('rejected', share),
    fact('line', rule.enter),
    fact('failed', rejected),
    fact('events', events),
    fact('window', rule.window),
  ]
  return { at: placeOf(share, rule), evidence, members: [] }
}
