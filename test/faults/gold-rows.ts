import { masteryOk, type Place } from '../processes/cli.ts'
import { askClickHouse, linesOf } from './ask.ts'

/** Columns that say where a record stood or when it was handled, by table; all others are the answer. */
const TABLES: readonly (readonly [name: string, from: string, without: string])[] = [
  ['learning_events', 'learning_events FINAL', 'src_partition, src_offset, logged_ms'],
  ['event_dispositions', 'event_dispositions FINAL', 'src_partition, src_offset'],
  ['student_topic_features', 'student_topic_features FINAL', 'src_partition, src_offset, version, last_updated'],
  ['student_mastery', 'student_mastery', 'src_partition, src_offset, version, last_updated'],
  ['student_mastery_history', 'student_mastery_history', 'src_partition, src_offset, version, last_updated'],
  ['next_correct_predictions', 'next_correct_predictions', 'src_partition, src_offset'],
  ['alerts', 'alerts FINAL', 'src_partition, src_offset, ordinal'],
  ['deliveries', 'deliveries FINAL', 'src_partition, src_offset, ordinal'],
  ['feature_drift', 'feature_drift FINAL', 'src_partition, src_offset, ordinal, detected'],
  ['rejects', 'rejects FINAL', 'log_partition, log_offset'],
]

/** Rows of a table, and a sum over their hashes: equal for equal multisets of rows, down to the last bit of a double. */
export interface Fingerprint {
  name: string
  n: number
  hash: string
}

function rowsOf(from: string, without: string, tenant: string): string {
  return `SELECT formatRow('TSV', * EXCEPT (${without})) AS line FROM ${from} WHERE tenant = '${tenant}'`
}

/** Asks the server itself where there is one: a process of ours for each question would take longer than the answer. */
async function ask(query: string, place: Place, format: 'JSONEachRow' | 'TSV'): Promise<string> {
  const url = place.env?.['CLICKHOUSE_URL']
  if (url === undefined) return (await masteryOk(['sql', query, '--format', format], place)).out
  return askClickHouse(url, query, format)
}

/** The question of what gold holds of a tenant; the answer in JSONEachRow is for `parseFingerprints`. */
export function fingerprintsOf(tenant: string): string {
  const parts = TABLES.map(
    ([name, from, without]) =>
      `SELECT '${name}' AS name, toUInt32(count()) AS n, toString(sum(cityHash64(line))) AS hash FROM (${rowsOf(from, without, tenant)})`,
  )
  return `SELECT * FROM (${parts.join(' UNION ALL ')}) ORDER BY name`
}

export function parseFingerprints(text: string): Fingerprint[] {
  return linesOf(text).map((line) => JSON.parse(line) as Fingerprint)
}

/** What gold holds of a tenant. */
export async function goldOf(tenant: string, place: Place): Promise<Fingerprint[]> {
  return parseFingerprints(await ask(fingerprintsOf(tenant), place, 'JSONEachRow'))
}

/**
 * Tables whose rows differ, each with some rows that only one side has. Empty where all are equal.
 * `known`: what the left side holds, where that was asked before. `except`: tables that are to differ.
 */
export async function differences(
  tenant: string,
  left: Place,
  right: Place,
  known?: readonly Fingerprint[],
  except: readonly string[] = [],
): Promise<string[]> {
  const [a, b] = [known ?? (await goldOf(tenant, left)), await goldOf(tenant, right)]
  const found: string[] = []
  for (const [name, from, without] of TABLES) {
    if (except.includes(name)) continue
    const [x, y] = [a, b].map((side) => side.find((f) => f.name === name)!)
    if (x!.n === y!.n && x!.hash === y!.hash) continue
    const lines = async (place: Place) => new Set(linesOf(await ask(rowsOf(from, without, tenant), place, 'TSV')))
    const [one, other] = [await lines(left), await lines(right)]
    const only = (p: Set<string>, q: Set<string>) => [...p].filter((line) => !q.has(line)).slice(0, 2)
    found.push(`${name}: ${x!.n} and ${y!.n} rows; only left ${only(one, other)}; only right ${only(other, one)}`)
  }
  return found
}
