import type { GoldRows, GoldStore } from '@mastery/topology/ports/gold-store.ts'
import type { Channel } from '@mastery/topology/ports/notifier.ts'
import { Rounds } from './rounds.ts'

export interface Outcome {
  tenant: string
  delivery: string
  channel: Channel
  outcome: 'accepted' | 'failed' | 'dead' | 'unwanted'
  attempts: number
  messageId: string
  detail: string
  /** UTC milliseconds. */
  at: number
}

type Gold = Pick<GoldStore, 'insert' | 'query'>

interface Sent {
  tenant: string
  delivery: string
  channel: Channel
}
interface Read {
  tenant: string
  recipient: string
  channel: Channel
}

/**
 * Rows of several callers as one insert: an insert of one row costs the server nearly as much as one of a thousand.
 * Each resolves once its own rows are stored.
 */
export function insertedTogether(gold: () => Promise<Pick<GoldStore, 'insert'>>): Pick<GoldStore, 'insert'> {
  const rounds = new Rounds<readonly GoldRows[], null>(async (all) => {
    const byTable = new Map<string, unknown[][]>()
    for (const { table, rows } of all.flat()) {
      const known = byTable.get(table)
      if (known) known.push(...rows)
      else byTable.set(table, [...rows])
    }
    await (await gold()).insert([...byTable].map(([table, rows]) => ({ table, rows })))
    return all.map(() => null)
  })
  return { insert: async (batch) => void (await rounds.ask(batch)) }
}

/** How messages fared, in gold: for people, and for a queue that has lost its memory. Many jobs at once ask together. */
export class Outcomes {
  private readonly rows: Pick<GoldStore, 'insert'>
  private readonly before: Rounds<Sent, string | null>
  private readonly optedOut: Rounds<Read, boolean>

  /** `rows`: where they go. */
  constructor(gold: () => Promise<Gold>, rows: Pick<GoldStore, 'insert'> = insertedTogether(gold)) {
    this.rows = rows
    this.before = new Rounds((all) => acceptedBefore(gold, all))
    this.optedOut = new Rounds((all) => unwantedBy(gold, all))
  }

  async note(o: Outcome): Promise<void> {
    const row = [o.tenant, o.delivery, o.channel, o.outcome, o.attempts, o.messageId, o.detail.slice(0, 500), o.at]
    await this.rows.insert([{ table: 'delivery_outcomes', rows: [row] }])
  }

  /** The id under which a receiver has taken the message over; null where gold knows of none. */
  accepted(tenant: string, delivery: string, channel: Channel): Promise<string | null> {
    return this.before.ask({ tenant, delivery, channel })
  }

  /** Whether the reader takes no messages over the channel. */
  unwanted(tenant: string, recipient: string, channel: Channel): Promise<boolean> {
    return this.optedOut.ask({ tenant, recipient, channel })
  }
}

const keyOf = (...parts: string[]) => JSON.stringify(parts)

async function acceptedBefore(gold: () => Promise<Gold>, all: readonly Sent[]): Promise<(string | null)[]> {
  const rows = await (await gold()).query<{ tenant: string; delivery_id: string; channel: string; message_id: string }>(
    `SELECT tenant, delivery_id, toString(channel) AS channel, message_id FROM delivery_outcomes FINAL
     WHERE tenant IN {tenants:Array(String)} AND delivery_id IN {deliveries:Array(String)} AND outcome = 'accepted'`,
    { tenants: [...new Set(all.map((s) => s.tenant))], deliveries: [...new Set(all.map((s) => s.delivery))] },
  )
  const found = new Map(rows.map((r) => [keyOf(r.tenant, r.delivery_id, r.channel), r.message_id]))
  return all.map((s) => found.get(keyOf(s.tenant, s.delivery, s.channel)) ?? null)
}

async function unwantedBy(gold: () => Promise<Gold>, all: readonly Read[]): Promise<boolean[]> {
  const rows = await (await gold()).query<{ tenant: string; recipient: string; channel: string }>(
    `SELECT tenant, recipient, toString(channel) AS channel FROM delivery_optouts FINAL
     WHERE tenant IN {tenants:Array(String)} AND recipient IN {recipients:Array(String)} AND unwanted`,
    { tenants: [...new Set(all.map((r) => r.tenant))], recipients: [...new Set(all.map((r) => r.recipient))] },
  )
  const found = new Set(rows.map((r) => keyOf(r.tenant, r.recipient, r.channel)))
  return all.map((r) => found.has(keyOf(r.tenant, r.recipient, r.channel)))
}
