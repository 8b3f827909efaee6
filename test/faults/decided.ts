import { createHash } from 'node:crypto'
import type { Codec } from '@mastery/topology/ports/codec.ts'
import type { EventLog } from '@mastery/topology/ports/event-log.ts'
import type { TopicName } from '@mastery/topology/topics.ts'

/** Everything that alerts, classes, notify and drift write. */
export const DECIDED = [
  'mastery.alerts',
  'mastery.classes',
  'mastery.notices',
  'mastery.deliveries',
  'drift.partials',
  'drift.verdicts',
] as const satisfies readonly TopicName[]

/** What one stage wrote to one topic about a tenant. */
export interface Decisions {
  /** Topic and stage. */
  of: string
  /** Each record once, without where it and what caused it stand: a hash, and its beginning for people. Sorted. */
  lines: string[]
  /** Records that stand there again, by (origin, ordinal). */
  copies: number
  /** Origins whose records are not the same to the byte. */
  torn: string[]
}

/** Fields that say where something stood, or, `detected`, in which order partitions came. */
const PLACES = ['origin_partition', 'origin_offset', 'ordinal', 'detected']

function writerOf(topic: TopicName, v: Record<string, unknown>): string {
  if (topic === 'drift.partials') return `drift-${v['stage']}`
  if (topic === 'mastery.alerts' || topic === 'mastery.notices') return v['scope'] === 'class' ? 'classes' : 'alerts'
  return { 'mastery.classes': 'alerts', 'mastery.deliveries': 'notify', 'drift.verdicts': 'drift' }[topic as string]!
}

function lineOf(partition: number, key: string, { subject, value }: ReturnType<Codec['decode']>): string {
  const v = Object.fromEntries(Object.entries(value as object).filter(([name]) => !PLACES.includes(name)))
  const text = `${partition} ${key} ${subject} ${JSON.stringify(v)}`
  return `${createHash('sha256').update(text).digest('hex').slice(0, 24)} ${text.slice(0, 240)}`
}

/** What stands in the topics of `DECIDED` of a tenant; the first generation. */
export async function decisionsIn(log: EventLog, codec: Codec, tenant: string): Promise<Decisions[]> {
  const found = new Map<string, Decisions>()
  for (const topic of DECIDED)
    for (let partition = 0; partition < (await log.partitions(topic)); partition++) {
      const seen = new Map<string, Buffer>()
      const { start, end } = await log.bounds(topic, partition)
      for (let at = start; at < end; ) {
        const records = await log.read(topic, partition, at, 5_000)
        if (records.length === 0) break
        for (const r of records) {
          const decoded = codec.decode(r.value)
          const v = decoded.value as Record<string, unknown>
          if (v['tenant'] !== tenant) continue
          const of = `${topic} of ${writerOf(topic, v)}`
          const d = found.get(of) ?? { of, lines: [], copies: 0, torn: [] }
          found.set(of, d)
          const origin = `${of} ${partition} from ${v['origin_partition']}/${v['origin_offset']} ${v['ordinal']}`
          const first = seen.get(origin)
          if (first === undefined) {
            seen.set(origin, Buffer.from(r.value))
            d.lines.push(lineOf(partition, r.key, decoded))
          } else {
            d.copies++
            if (Buffer.compare(first, r.value) !== 0) d.torn.push(origin)
          }
        }
        at = records.at(-1)!.offset + 1
      }
    }
  for (const d of found.values()) d.lines.sort()
  return [...found.values()].sort((a, b) => (a.of < b.of ? -1 : 1))
}

/** What is wrong with `is` against an undisturbed run: records lost, extra, or twice with different bytes. */
export function decisionsDiffer(should: readonly Decisions[], is: readonly Decisions[]): string[] {
  const wrong: string[] = []
  for (const of of new Set([...should, ...is].map((d) => d.of))) {
    const [a, b] = [should, is].map((side) => side.find((d) => d.of === of))
    for (const origin of b?.torn.slice(0, 3) ?? []) wrong.push(`${origin} stands there twice, with different bytes`)
    for (const line of less(a?.lines ?? [], b?.lines ?? []).slice(0, 3)) wrong.push(`lost in ${of}: ${line}`)
    for (const line of less(b?.lines ?? [], a?.lines ?? []).slice(0, 3)) wrong.push(`extra in ${of}: ${line}`)
  }
  return wrong
}

/** What the first has more often than the second. */
function less(first: readonly string[], second: readonly string[]): string[] {
  const left = new Map<string, number>()
  for (const line of second) left.set(line, (left.get(line) ?? 0) + 1)
  return first.filter((line) => {
    const n = left.get(line) ?? 0
    left.set(line, n - 1)
    return n <= 0
  })
}
