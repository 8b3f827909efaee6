import { graphOf } from '@mastery/infra/provision/gold/topic-graph.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import type { TopicGraph } from '@mastery/topology/progress/graph.ts'
import { type Learned, readLearned } from '@mastery/topology/recommend/learned.ts'

/** What recommendations to a tenant's students have in common. */
export interface Source {
  graph: TopicGraph
  /** What the bandit has learned; null where nothing has been computed yet. */
  learned: Learned | null
  /** Its version; empty without any. */
  version: string
}

/** Both change once a night. */
const FRESH_MS = 60_000

/** Reads graphs and policies from gold, each at most once a minute. */
export class Sources {
  private readonly gold: GoldStore
  private readonly now: () => number
  private readonly held = new Map<string, { until: number; source: Promise<Source> }>()

  constructor(gold: GoldStore, now: () => number) {
    this.gold = gold
    this.now = now
  }

  of(tenant: string): Promise<Source> {
    const known = this.held.get(tenant)
    if (known && known.until > this.now()) return known.source
    const source = this.read(tenant)
    this.held.set(tenant, { until: this.now() + FRESH_MS, source })
    // A failure is not kept for a minute.
    source.catch(() => this.held.delete(tenant))
    return source
  }

  private async read(tenant: string): Promise<Source> {
    const [newest] = await this.gold.query<{ version: string; payload: string }>(
      `SELECT toString(version) AS version, payload FROM recommendation_policies FINAL
       WHERE tenant = {tenant:String} ORDER BY computed_at DESC LIMIT 1`,
      { tenant },
    )
    const learned = newest ? readLearned(newest.payload) : null
    return { graph: await graphOf(this.gold, tenant), learned, version: learned ? newest!.version : '' }
  }
}
