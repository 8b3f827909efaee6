import { deadLetterId } from '@mastery/infra/runtime/logic.ts'
import type { Reject } from '@mastery/schemas/src/generated/reject.gen.ts'
import type { LogAppend, LogRecord } from '@mastery/topology/ports/event-log.ts'
import type { Host } from '../command.ts'

/** A stage refused a record that was sent again. */
export interface Refused {
  /** Its new dead letter. */
  rejectId: string
  code: string
  message: string
}

const STAGES = ['features', 'gold'] as const
/** Stages that have not come so far by then do not run, or are far behind. */
const PATIENCE_MS = 60_000

/**
 * Appends to learning.events, waits until the stages that read it have passed the records, and gives, per record, the
 * dead letter that it became; null for what was taken. `waited` is false where the stages did not come so far.
 */
export async function sendAll(
  host: Host,
  records: readonly LogAppend[],
  check: () => void,
  patienceMs = PATIENCE_MS,
): Promise<{ refused: (Refused | null)[]; waited: boolean }> {
  const { log } = host.installation
  const refused: (Refused | null)[] = records.map(() => null)
  if (records.length === 0) return { refused, waited: true }
  const partitions = [...new Set(records.map((r) => r.partition))]
  const end = async (topic: 'learning.events' | 'learning.rejects', p: number) => (await log.bounds(topic, p)).end
  const before = await Promise.all(
    partitions.map(async (p) => ({
      p,
      events: await end('learning.events', p),
      rejects: await end('learning.rejects', p),
    })),
  )
  await log.append(records)

  const waiting = new Map<string, number[]>()
  records.forEach((r, i) => {
    const key = identity(r)
    waiting.set(key, [...(waiting.get(key) ?? []), i])
  })
  let waited = true
  for (const { p, events, rejects } of before) {
    const placed = new Map<number, number>()
    for (const r of await readTo(host, 'learning.events', p, events)) {
      const i = waiting.get(identity({ ...r, partition: p }))?.shift()
      if (i !== undefined) placed.set(r.offset, i)
    }
    waited = (await passed(host, p, Math.max(-1, ...placed.keys()), check, patienceMs)) && waited
    const ids = new Map<string, number>()
    for (const [offset, i] of placed) for (const s of STAGES) ids.set(deadLetterId(s, 'learning.events', p, offset), i)
    for (const r of await readTo(host, 'learning.rejects', p, rejects)) {
      const i = ids.get(r.key)
      if (i === undefined) continue
      const { reject_id, code, message } = host.installation.codec.decode(r.value).value as Reject
      refused[i] ??= { rejectId: reject_id, code, message }
    }
  }
  return { refused, waited }
}

function identity(r: { partition: number; key: string; value: Buffer }): string {
  return `${r.partition}\u0000${r.key}\u0000${r.value.toString('latin1')}`
}

async function readTo(
  host: Host,
  topic: 'learning.events' | 'learning.rejects',
  partition: number,
  from: number,
): Promise<LogRecord[]> {
  const { log } = host.installation
  const out: LogRecord[] = []
  const { end } = await log.bounds(topic, partition)
  for (let next = from; next < end; ) {
    const page = await log.read(topic, partition, next, 2000)
    if (page.length === 0) break
    for (const r of page) out.push(r)
    next = page.at(-1)!.offset + 1
  }
  return out
}

/** Whether features and gold have committed beyond the offset, as soon as they have; false when patience ends. */
async function passed(
  host: Host,
  partition: number,
  offset: number,
  check: () => void,
  patienceMs: number,
): Promise<boolean> {
  const { state, generations } = host.installation
  const until = performance.now() + patienceMs
  for (;;) {
    check()
    const next = await Promise.all(
      STAGES.map(async (stage) => {
        // What is not computed reaches gold with generation 0.
        const generation = stage === 'gold' ? 0 : generations.active.id
        return (await state.peek({ stage, generation, topic: 'learning.events', partition }))?.nextOffset ?? 0
      }),
    )
    if (next.every((n) => n > offset)) return true
    if (performance.now() > until) return false
    await new Promise((r) => setTimeout(r, 20))
  }
}
