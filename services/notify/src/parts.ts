import { AccessLog } from '@mastery/api/src/access.ts'
import type { DeliveryConfig } from '@mastery/infra/config/delivery.ts'
import type { Installation } from '@mastery/infra/runtime/installation.ts'
import { plainWords } from '@mastery/topology/delivery/words.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import type { IdentityVault } from '@mastery/topology/ports/identity-vault.ts'
import type { JobHandler } from '@mastery/topology/ports/job-queue.ts'
import { Channels } from './channels.ts'
import { deliveryJobs } from './jobs.ts'
import { KnownDeliveries } from './known.ts'
import { insertedTogether, Outcomes } from './outcomes.ts'

/** How long names of topics are taken for right, milliseconds. */
const NAMES_MS = 60_000

type Gold = Pick<GoldStore, 'insert' | 'query'>

/** Names of topics, from the tenant's curriculum. */
function topicNamesIn(gold: () => Promise<Gold>, now: () => number) {
  const known = new Map<string, { at: number; names: ReadonlyMap<string, string> }>()
  return async (tenant: string) => {
    const found = known.get(tenant)
    if (found && now() - found.at < NAMES_MS) return found.names
    const rows = await (await gold()).query<{ topic_id: string; name: string }>(
      "SELECT topic_id, name FROM v_topic_graph WHERE tenant = {tenant:String} AND name != ''",
      { tenant },
    )
    const names = new Map(rows.map((r) => [r.topic_id, r.name]))
    known.set(tenant, { at: now(), names })
    return names
  }
}

export interface Deliverers {
  handlers: JobHandler[]
  close(): Promise<void>
}

/**
 * The jobs that send messages, on an installation that is opened when the first of them runs. `known`: shared with what
 * hands deliveries over, where that is in the same process.
 */
export function deliverers(
  config: DeliveryConfig,
  open: { installation(): Installation; gold(): Promise<GoldStore> },
  known = new KnownDeliveries(),
): Deliverers {
  const now = Date.now
  let access: AccessLog | null = null
  let vault: IdentityVault | null = null
  const rows = insertedTogether(open.gold)
  const channels = new Channels(config, async () => rows, now)
  const outcomes = new Outcomes(open.gold, rows)
  const topicNames = topicNamesIn(open.gold, now)
  const handlers = deliveryJobs(config, async () => {
    const { log, codec, secrets, telemetry, vault: openVault } = open.installation()
    access ??= new AccessLog(await open.gold(), telemetry, now)
    const seen = access
    vault ??= openVault(({ tenant, reader, what }) =>
      seen.note({ tenant, who: 'notify', role: 'service', action: `read ${what}`, student: '', purpose: reader }),
    )
    const names = vault
    const parts = { log, codec, secrets, config, known, channels, outcomes, topicNames, wordsOf: plainWords, now }
    return { ...parts, vault: () => names }
  })
  return {
    handlers: handlers as unknown as JobHandler[],
    close: async () => {
      await channels.close()
      await access?.close()
    },
  }
}
