import type { Installation } from '@mastery/infra/runtime/installation.ts'
import type { Delivery } from '@mastery/schemas/src/generated/delivery.gen.ts'
import type { FeatureRecord } from '@mastery/schemas/src/generated/feature-record.gen.ts'
import type { MasteryScore } from '@mastery/schemas/src/generated/mastery-score.gen.ts'
import { MODELS } from '@mastery/topology/models/catalog.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import type { School } from '@mastery/topology/school/school.ts'

const TABLES = [
  'learning_events',
  'event_dispositions',
  'student_topic_features',
  'student_mastery',
  'student_mastery_history',
  'next_correct_predictions',
  'rejects',
  'markers',
  'alerts',
  'deliveries',
] as const

/** Views over rows with arrays; FINAL is inside. */
const VIEWS = new Set<string>(['student_mastery', 'student_mastery_history', 'next_correct_predictions'])

/**
 * Compares every count in gold with what was sent: with the generator's own tally where it has one, else with what
 * stands in the topics that the rows come from. Every difference is named.
 */
export async function reconcileCounts(installation: Installation, gold: GoldStore, sent: ReturnType<School['sent']>) {
  const counted: Record<string, number> = {}
  for (const table of TABLES)
    counted[table] = (
      await gold.query<{ n: number }>(`SELECT count() AS n FROM ${VIEWS.has(table) ? table : `${table} FINAL`}`)
    )[0]!.n
  const dispositions = Object.fromEntries(
    (
      await gold.query<{ disposition: string; n: number }>(
        'SELECT disposition, count() AS n FROM event_dispositions FINAL GROUP BY disposition',
      )
    ).map((r) => [r.disposition, r.n]),
  )
  const tally = await tallyTopics(installation)
  const d = (name: string) => dispositions[name] ?? 0
  // Those that every event is folded by, and their blend: nothing has been trained here.
  const models = MODELS.length + 1
  const expectations: [what: string, found: number, expected: number][] = [
    ['learning_events', counted['learning_events']!, sent.events],
    ['event_dispositions', counted['event_dispositions']!, sent.events],
    [
      'distinct event ids',
      (await gold.query<{ n: number }>('SELECT uniqExact(event_id) AS n FROM learning_events'))[0]!.n,
      sent.distinct,
    ],
    ['duplicates', d('duplicate'), sent.duplicates],
    ['opportunities', d('counted') + d('outranked'), sent.opportunities],
    ['views', d('view_paired') + d('view_unpaired'), sent.views],
    ['next_correct_predictions', counted['next_correct_predictions']!, d('counted') * models],
    ['student_topic_features', counted['student_topic_features']!, tally.featureKeys],
    ['student_mastery', counted['student_mastery']!, tally.scoreKeys * models],
    ['student_mastery_history', counted['student_mastery_history']!, tally.scoreRows * models],
    ['rejects', counted['rejects']!, 0],
    ['markers', counted['markers']!, markersOf(installation)],
    ['alerts', counted['alerts']!, tally.alerts],
    ['deliveries', counted['deliveries']!, tally.deliveries],
  ]
  const mismatches = expectations
    .filter(([, found, expected]) => found !== expected)
    .map(([what, found, expected]) => `${what}: gold has ${found}, sent were ${expected}`)
  return { gold: counted, duplicates: d('duplicate'), mismatches }
}

/** A roster and alert rules are prepared and activated, in every partition. */
const markersOf = ({ profile }: Installation) => 2 * 2 * profile.partitions

async function tallyTopics({ log, codec }: Installation) {
  const featureKeys = new Set<string>()
  const scoreKeys = new Set<string>()
  let scoreRows = 0
  let alerts = 0
  let deliveries = 0
  for (const topic of ['learning.features', 'mastery.scores', 'mastery.alerts', 'mastery.deliveries'] as const) {
    const partitions = await log.partitions(topic)
    for (let p = 0; p < partitions; p++) {
      let { start: at } = await log.bounds(topic, p)
      for (;;) {
        const records = await log.read(topic, p, at, 5000)
        if (records.length === 0) break
        at = records.at(-1)!.offset + 1
        for (const r of records) {
          const { subject, value } = codec.decode(r.value)
          if (subject === 'feature-record')
            for (const row of (value as FeatureRecord).rows) featureKeys.add(`${r.key}/${row.topic}`)
          else if (subject === 'mastery-score')
            for (const row of (value as MasteryScore).rows) {
              scoreKeys.add(`${r.key}/${row.topic}`)
              scoreRows++
            }
          else if (subject === 'alert') alerts++
          else if (subject === 'delivery') deliveries += (value as Delivery).items.length
        }
      }
    }
  }
  return { featureKeys: featureKeys.size, scoreKeys: scoreKeys.size, scoreRows, alerts, deliveries }
}
