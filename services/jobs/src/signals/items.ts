import { ACTIVE } from '@mastery/infra/provision/gold/views.ts'
import type { OpsSignal } from '@mastery/schemas/src/generated/ops-signal.gen.ts'
import {
  type DriftingItem,
  driftingItems,
  type FlaggedItem,
  itemSubject,
  signalOf,
} from '@mastery/topology/ops/signals.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'

type Gold = Pick<GoldStore, 'query'>

/** How far back events are asked for an item's topic, days before the tenant's newest answer. */
const TOPIC_DAYS = 90
/** Half a year of weeks, or two of months, in which the begin of a drift is looked for. */
const BACK = "toIntervalDay(if(period = 'week', 182, 731))"
/** An item whose newest window is older than this before the newest of all is nobody's business now. */
const CURRENT = "toIntervalDay(if(period = 'week', 8, 32))"

const ms = (column: string) => `toUnixTimestamp64Milli(${column})`
const ENDS = "if(period = 'week', starts_at + toIntervalDay(7), starts_at + toIntervalMonth(1))"

interface Whole {
  tenant: string
  looked_at: number
  as_of: number
}

/** Topics of items, from the events of the last while; the one that most of them name. */
async function topicsOf(gold: Gold, tenant: string, items: readonly string[], until: number) {
  if (items.length === 0) return new Map<string, string>()
  const rows = await gold.query<{ item: string; topic: string }>(
    `SELECT assumeNotNull(item) AS item, topK(1)(topics[1])[1] AS topic FROM learning_events
     WHERE tenant = {tenant:String} AND item IN {items:Array(String)} AND notEmpty(topics)
       AND occurred_at > fromUnixTimestamp64Milli({until:Int64}) - toIntervalDay(${TOPIC_DAYS})
     GROUP BY item`,
    { tenant, items: [...items], until },
  )
  return new Map(rows.map((r) => [r.item, r.topic]))
}

/** How items do, as of the newest run of item-health; nothing of a tenant, or a generation, that it has not looked at. */
export async function itemHealthSignals(gold: Gold, at: number): Promise<OpsSignal[]> {
  const wholes = await gold.query<Whole>(
    `SELECT tenant, countIf(status != 'insufficient') AS looked_at, ${ms('max(last_at)')} AS as_of
     FROM v_item_health WHERE ${ACTIVE} GROUP BY tenant ORDER BY tenant`,
  )
  const signals: OpsSignal[] = []
  for (const { tenant, looked_at, as_of } of wholes) {
    const rows = await gold.query<FlaggedItem>(
      `SELECT item, flags, answers, p_value, point_biserial, infit, outfit, rapid_rate,
        difficulty_observed - difficulty AS difficulty_change
       FROM v_item_health WHERE ${ACTIVE} AND tenant = {tenant:String} AND status = 'flagged'`,
      { tenant },
    )
    const flagged = rows.map((r) => ({ ...r, answers: Number(r.answers) }))
    const asOf = Number(as_of)
    const looked = { tenant, at, asOf, lookedAt: Number(looked_at) }
    const bare = signalOf(
      'item_health',
      looked,
      flagged.map((f) => itemSubject(f, null)),
    )
    signals.push(await withTopics(gold, bare))
  }
  return signals
}

/** Which items are the worst does not hang on topics, and only of those they are asked for. */
async function withTopics(gold: Gold, bare: OpsSignal): Promise<OpsSignal> {
  const worst = bare.subjects.map((s) => s.subject)
  const topics = await topicsOf(gold, bare.tenant, worst, bare.as_of)
  return { ...bare, subjects: bare.subjects.map((s) => ({ ...s, topic: topics.get(s.subject) ?? null })) }
}

/** Items whose answers have changed by themselves, as of the newest run of item-health. */
export async function itemDriftSignals(gold: Gold, at: number): Promise<OpsSignal[]> {
  const compared = `v_item_drift WHERE ${ACTIVE} AND status = 'compared'`
  const newest = `SELECT tenant, period, max(starts_at) AS newest FROM ${compared} GROUP BY tenant, period`
  const wholes = await gold.query<Whole>(
    `SELECT tenant, uniqExactIf(item, starts_at > newest - ${CURRENT}) AS looked_at, ${ms(`max(${ENDS})`)} AS as_of
     FROM (SELECT * FROM ${compared}) AS d JOIN (${newest}) AS n USING (tenant, period) GROUP BY tenant ORDER BY tenant`,
  )
  const signals: OpsSignal[] = []
  for (const { tenant, looked_at, as_of } of wholes) {
    const rows = await gold.query<Omit<DriftingItem, 'windows'> & { ends: number[]; verdicts: string[] }>(
      `SELECT item, period, arrayMap(w -> w.1, windows) AS ends, arrayMap(w -> w.2, windows) AS verdicts,
        tupleElement(last, 1) AS shift, tupleElement(last, 2) AS robust_z, tupleElement(last, 3) AS p_adjusted,
        tupleElement(last, 4) AS answers
       FROM (SELECT item, period, arraySort(groupArray((${ms(ENDS)}, toString(verdict)))) AS windows,
          argMax(tuple(difficulty_shift, robust_z, p_adjusted, answers), starts_at) AS last, max(starts_at) AS its_newest,
          any(newest) AS of_all
        FROM (SELECT * FROM ${compared} AND tenant = {tenant:String}) AS d JOIN (${newest}) AS n USING (tenant, period)
        WHERE starts_at > newest - ${BACK}
        GROUP BY item, period)
       WHERE windows[-1].2 = 'drift' AND its_newest > of_all - ${CURRENT}`,
      { tenant },
    )
    const found = rows.map(
      ({ ends, verdicts, ...r }): DriftingItem => ({
        ...r,
        answers: Number(r.answers),
        windows: ends.map((to, i) => [Number(to), verdicts[i]!] as const),
      }),
    )
    const asOf = Number(as_of)
    const looked = { tenant, at, asOf, lookedAt: Number(looked_at) }
    const bare = signalOf(
      'item_drift',
      looked,
      driftingItems(found, () => null),
    )
    signals.push(await withTopics(gold, bare))
  }
  return signals
}
