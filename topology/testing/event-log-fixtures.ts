import type { EventLog, LogAppend } from '../ports/event-log.ts'

export interface OpenLog {
  log: EventLog
  close(): Promise<void>
}

/** Opens the log at a place. Handles of one place see the same records; a place that was never opened is empty. */
export type OpenLogAt = (place: string) => Promise<OpenLog>

export const TOPIC = 'learning.events'

export function record(partition: number, text: string, key = 'k'): LogAppend {
  return { topic: TOPIC, partition, key, value: Buffer.from(text), timestamp: 1_700_000_000_000 }
}

export function records(partition: number, count: number, from = 0, bytes = 0): LogAppend[] {
  const filling = 'x'.repeat(bytes)
  return Array.from({ length: count }, (_, i) => record(partition, `p${partition}-${from + i}${filling}`, `k${i % 7}`))
}

/** Runs `use` on a log of its own with three partitions of `learning.events`. */
export async function withLog(
  open: OpenLogAt,
  place: string,
  use: (log: EventLog, again: () => Promise<EventLog>) => Promise<void>,
): Promise<void> {
  const opened: OpenLog[] = []
  const again = async () => {
    const o = await open(place)
    opened.push(o)
    return o.log
  }
  try {
    const log = await again()
    await log.ensureTopics([TOPIC], 3)
    await use(log, again)
  } finally {
    for (const o of opened.reverse()) await o.close()
  }
}
