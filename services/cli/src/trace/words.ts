import type { TopicScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import type { SuspiciousSession } from '@mastery/topology/effort/suspicious.ts'
import { FORECASTS } from '@mastery/topology/served/catalog.ts'
import type { DriftWindow, ItemParts, ParameterRow } from '../items.ts'
import { table } from '../tables.ts'
import type { Looked } from './looked.ts'
import type { Struggle } from './struggles.ts'

const percent = (x: number) => `${Math.round(100 * x)} %`
const minute = (at: number) => new Date(at).toISOString().slice(0, 16).replace('T', ' ')
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
/** Never -0.0. */
const tenth = (x: number) => (Math.abs(x) < 0.05 ? '0.0' : x.toFixed(1))
const some = (n: number, one: string, more = `${one}s`) => `${n} ${n === 1 ? one : more}`

/** A topic's blended mastery. */
export const blended = (t: TopicScore) => t.scores.find((s) => s.model === 'blend')?.mastery ?? 0

/** The weakest first. */
export function weakTopics(topics: readonly TopicScore[]): TopicScore[] {
  return topics.filter((t) => t.standing === 'weakness').sort((a, b) => blended(a) - blended(b))
}

/** Topics named at most. */
const NAMED = 5

export function weakInWords(topics: readonly TopicScore[]): string {
  const weak = weakTopics(topics)
  const judged = topics.filter((t) => t.standing !== 'insufficient').length
  if (weak.length === 0) return `Weak topics: none of ${judged} with three answers or more.\n`
  const named = weak
    .slice(0, NAMED)
    .map((t) => `${t.topic} (${percent(blended(t))} after ${some(t.opportunities, 'answer')})`)
  const more = weak.length > NAMED ? `, and ${weak.length - NAMED} more` : ''
  return `Weak topics: ${named.join(', ')}${more}.\n`
}

/** What to work on next, with the reasons of whoever recommends. */
export interface Recommended {
  topics: readonly { name: string; reason: string }[]
  items: readonly { item: string; reason: string }[]
}

export function recommendedInWords({ topics, items }: Recommended): string {
  const lines = [
    ...topics.map((t) => `  ${t.name}: ${t.reason}\n`),
    ...items.map((i) => `  item ${i.item}: ${i.reason}\n`),
  ]
  return lines.length === 0 ? '' : `Recommended next\n${lines.join('')}`
}

function howItWent({ last: c }: Struggle): string {
  const parts = [
    c.right ? 'right' : 'wrong',
    ...(c.hints > 0 ? [`after ${some(c.hints, 'hint')}`] : []),
    ...(c.answerRequestMs === null ? [] : [`answer asked for after ${seconds(c.answerRequestMs)}`]),
    ...(c.responseMs === null || c.responseMs === 0 ? [] : [seconds(c.responseMs)]),
    ...(c.responseMs !== null && c.responseMs > 0 && c.thresholdMs !== null && c.responseMs < c.thresholdMs
      ? ['a rapid guess']
      : []),
  ]
  return parts.join(', ')
}

/** Shift in standard errors from which a window is worth a word. */
const NOTABLE = 2

function driftInWords(drift: readonly DriftWindow[]): string {
  const compared = drift.filter((d) => d.difficulty_shift !== null && d.difficulty_shift_se !== null)
  if (compared.length === 0) return 'drift not known: no week or month has 30 answers and 30 before it'
  const strength = (d: DriftWindow) => Math.abs(d.difficulty_shift! / d.difficulty_shift_se!)
  const most = compared.reduce((a, b) => (strength(b) > strength(a) ? b : a))
  if (strength(most) < NOTABLE) return `no drift in ${some(compared.length, 'window')}`
  const way = most.difficulty_shift! > 0 ? 'harder' : 'easier'
  return `drift: ${way} by ${Math.abs(most.difficulty_shift!).toFixed(1)} logits in the ${most.period} from ${most.starts_at} (standard error ${most.difficulty_shift_se!.toFixed(1)})`
}

/** What the model does not fit is left out. */
function fittedInWords(p: ParameterRow): string {
  const more =
    p.discrimination_se === null
      ? ''
      : `, discrimination ${p.discrimination.toFixed(1)}, guessing ${percent(p.guessing)}`
  return `fitted ${tenth(p.difficulty)}${more} (${p.model} ${p.version}${p.in_force ? '' : ', not in force'})`
}

function itemLines(parts: ItemParts | null): string[] {
  if (parts === null) return ['nothing is known of it yet; "npx mastery items health" looks at it']
  const { health: h, parameters, drift } = parts
  const verdict =
    h.status === 'insufficient'
      ? 'too few answers for a verdict on its health and drift'
      : h.flags.length === 0
        ? 'healthy'
        : `flagged, ${h.reasons.map((why, i) => `${h.flags[i]}: ${why}`).join('; ')}`
  const fitted = parameters[0]
  const parameter = fitted === undefined ? '' : `; ${fittedInWords(fitted)}`
  return [
    `of all students' ${some(h.answers, 'answer')} ${percent(h.p_value)} right, difficulty ${tenth(h.difficulty_observed)} logits${parameter}`,
    verdict,
    ...(h.status === 'insufficient' ? [] : [driftInWords(drift)]),
  ]
}

export function strugglesInWords(struggles: readonly Struggle[], items: ReadonlyMap<string, ItemParts | null>): string {
  if (struggles.length === 0) return 'Items struggled with: none; no answer was wrong or helped.\n'
  const text = struggles.map((s) => {
    const head = `  ${s.item}: ${s.right} of ${some(s.tries, 'try', 'tries')} right; ${minute(s.last.at)} ${howItWent(s)}\n`
    return `${head}${itemLines(items.get(s.item) ?? null)
      .map((l) => `    ${l}\n`)
      .join('')}`
  })
  return `Items struggled with, the newest first\n${text.join('')}`
}

/** Sessions shown at most. */
const SESSIONS = 5

export function suspiciousInWords(sessions: readonly SuspiciousSession[], thresholds: boolean): string {
  const blind = thresholds ? '' : ' Rapid guesses are not known before "npx mastery items health".'
  if (sessions.length === 0) return `Suspicious clicks in sessions with this topic: none.${blind}\n`
  const lines = sessions.slice(0, SESSIONS).map((s) => {
    const what = [
      ...(s.rapid > 0
        ? [
            `${s.rapid} of ${some(s.answers, 'answer')} ${s.rapid === 1 ? 'was a rapid guess' : 'were rapid guesses'}, ${s.rapidRight === 0 ? 'none' : s.rapidRight} right`,
          ]
        : []),
      ...(s.askedAtOnce > 0 ? [`the answer asked for at once ${some(s.askedAtOnce, 'time')}`] : []),
      ...s.patterns.map((p) => `${p.pattern}${p.times > 1 ? ` (${p.times} times)` : ''}`),
    ]
    return `  ${minute(s.from)} to ${minute(s.to).slice(11)}: ${what.join('; ')}\n`
  })
  const more = sessions.length > SESSIONS ? `  and ${some(sessions.length - SESSIONS, 'earlier session')}\n` : ''
  return `Suspicious clicks in sessions with this topic, the newest first${blind === '' ? '' : ` (${blind.trim()})`}\n${lines.join('')}${more}`
}

export function lookedInWords(l: Looked): string {
  const rows = l.past.map((a) => [
    `${a.back} before`,
    a.item ?? '-',
    a.topics.join(', '),
    minute(a.at),
    a.correct ? 'right' : 'wrong',
    percent(a.weight),
  ])
  return `sakt ${l.version}, asked with what came before, expects ${percent(l.p)} for ${l.asked.item ?? l.asked.topics.join(', ')} (${minute(l.asked.at)}, ${l.asked.correct ? 'right' : 'wrong'}). ${percent(l.looked)} of its attention went to earlier answers, most of it to
${table(['answer', 'item', 'topic', 'at', 'was', 'weight'], rows)}`
}

/** What is expected of the week after the latest answer; nothing where no forecast is in force. */
export function weekInWords({ scores }: TopicScore): string {
  return scores
    .filter((s) => FORECASTS.some((f) => f.id === s.model))
    .map(
      (s) =>
        `${s.model} is no mastery: it expects ${Math.round(100 * s.mastery)} % of the answers on this topic to be right in the 7 days after the latest one.\n`,
    )
    .join('')
}
