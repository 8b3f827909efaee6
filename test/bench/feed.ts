import type { Installation } from '@mastery/infra/runtime/installation.ts'
import { partitionOf } from '@mastery/topology/partition.ts'
import type { LogAppend } from '@mastery/topology/ports/event-log.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import { type Shape, schoolRecords } from './school.ts'

const CHUNK = 4000

/** A school's records as the log takes them. Encoded before the clock starts: the codec has a scenario of its own. */
export function encoded(installation: Installation, shape: Shape): { appends: LogAppend[]; events: number } {
  const { codec, profile, secrets } = installation
  const appends: LogAppend[] = []
  let events = 0
  for (const r of schoolRecords(shape, secrets.tenants[0]!.id)) {
    if (r.type === 'tick') {
      const value = codec.encode('tick', { at: r.at })
      for (let partition = 0; partition < profile.partitions; partition++)
        appends.push({ topic: 'learning.events', partition, key: 'tick', value, timestamp: r.at })
      continue
    }
    const { student: key, observed_at: timestamp } = r.event
    const value = codec.encode('learning-event', r.event)
    appends.push({ topic: 'learning.events', partition: partitionOf(key, profile.partitions), key, value, timestamp })
    events++
  }
  return { appends, events }
}

/** Appends everything; two chunks are on their way at most. */
export async function send(
  installation: Installation,
  appends: readonly LogAppend[],
  check: () => void,
): Promise<void> {
  let before: Promise<void> = Promise.resolve()
  for (let at = 0; at < appends.length; at += CHUNK) {
    const now = installation.log.append(appends.slice(at, at + CHUNK))
    await before
    before = now
    check()
    await new Promise((r) => setImmediate(r))
  }
  await before
}

/** Throws where gold does not hold each event once: a rate over lost rows would mean nothing. */
export async function everyEventInGold(gold: GoldStore, events: number): Promise<void> {
  const [found] = await gold.query<{ events: number; dispositions: number }>(
    'SELECT (SELECT count() FROM learning_events FINAL) AS events, (SELECT count() FROM event_dispositions FINAL) AS dispositions',
  )
  if (found!.events !== events || found!.dispositions !== events)
    throw new Error(`${events} events were sent; gold has ${found!.events}, with ${found!.dispositions} dispositions.`)
}
