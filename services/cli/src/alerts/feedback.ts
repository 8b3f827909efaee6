import type { AlertPolicy } from '@mastery/topology/alerts/policy.ts'
import {
  type Suggestion,
  suggestionFor,
  type Told,
  type Usefulness,
  usefulnessOf,
} from '@mastery/topology/alerts/usefulness.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import type { Host, Io } from '../command.ts'
import { table } from '../tables.ts'
import { policyInForce } from './in-force.ts'

/** Alerts that somebody was told of, with what was said of them since, out of gold. */
export async function toldAlerts(gold: Pick<GoldStore, 'query'>, tenant: string): Promise<Told[]> {
  return gold.query<{ rule: string; mastery: number | null; said: Told['said'] }>(
    `SELECT toString(any(rule)) AS rule,
       argMinIf(evidence_values[indexOf(evidence_codes, 'mastery')], (src_offset, ordinal), told) AS mastery,
       multiIf(countIf(cause = 'not_useful') > 0, 'not_useful', countIf(cause = 'acknowledge') > 0, 'acknowledged', NULL) AS said
     FROM v_alert_history WHERE tenant = {tenant:String}
     GROUP BY alert_id HAVING countIf(told AND state = 'firing') > 0 ORDER BY alert_id`,
    { tenant },
  )
}

/** What teachers' words suggest of a policy. */
export const suggestionsFor = (policy: AlertPolicy, all: readonly Told[]): Suggestion[] =>
  policy.rules.flatMap((r) => suggestionFor(r, all) ?? [])

const percent = (x: number) => `${Math.round(100 * x)} %`

export function suggestionText(s: Suggestion): string {
  return `Of the alerts of "${s.rule}" many were said to be of no use: with ${s.field}: ${s.then} in place of ${s.now}, ${percent(s.leftOut.notUseful)} of these would not have begun, and ${percent(s.leftOut.others)} of the others.\n`
}

/** What people said of alerts, per rule. */
export async function alertFeedback(
  host: Host,
  io: Io,
  values: { tenant?: string | undefined; json?: boolean | undefined },
): Promise<number> {
  await host.stages()
  const tenant = host.tenant(values.tenant).id
  const all = await toldAlerts(await host.gold(), tenant)
  const rules = usefulnessOf(all)
  const policy = (await policyInForce(host.installation, tenant))?.policy
  const suggestions = policy ? suggestionsFor(policy, all) : []
  if (values.json) io.out(`${JSON.stringify({ tenant, rules, suggestions })}\n`)
  else if (rules.length === 0) io.out('Nobody has been told of an alert yet.\n')
  else io.out(`${feedbackTable(rules)}${suggestions.map(suggestionText).join('')}`)
  return 0
}

function feedbackTable(rules: readonly Usefulness[]): string {
  const head = ['rule', 'told', 'taken on', 'of no use', 'share', '95 % interval', 'of those answered']
  const rows = rules.map((r) => [
    r.rule,
    r.told.toLocaleString('en'),
    r.acknowledged.toLocaleString('en'),
    r.notUseful.toLocaleString('en'),
    percent(r.share),
    `${percent(r.low)} to ${percent(r.high)}`,
    r.ofAnswered === null ? '-' : percent(r.ofAnswered.share),
  ])
  return table(head, rows)
}
