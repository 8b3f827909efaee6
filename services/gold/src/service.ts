import type { ClickHouseGold } from '@mastery/infra/adapters/clickhouse/gold.ts'
import { GoldRemoval } from '@mastery/infra/adapters/clickhouse/removal.ts'
import type { Profile } from '@mastery/infra/config/profile.ts'
import { GenerationStages } from '@mastery/infra/runtime/generation-stages.ts'
import type { RuntimeParts } from '@mastery/infra/runtime/stage-runner.ts'
import { isRunning } from '@mastery/topology/generations/generation.ts'
import { GoldErasures } from './erasure-rows.ts'
import { Eraser } from './erasures.ts'
import { startGold } from './sink.ts'
import { GoldWriter } from './writer.ts'

/** The gold service: every topic of every generation to ClickHouse. */
export function goldService(
  parts: RuntimeParts,
  gold: ClickHouseGold,
  profile: Profile,
  onFailure: (e: Error) => void,
): GenerationStages {
  const { maxRows, ...batch } = profile.batch.gold
  // Rows of all generations go together; the first one is always there.
  const tally = parts.meters?.part('gold').tally
  const retried = () => tally?.retried()
  const writer = new GoldWriter(gold, parts.telemetry, { maxRows, maxDelayMs: batch.maxDelayMs, retried })
  const eraser = new Eraser(new GoldErasures(gold), new GoldRemoval(gold), parts.telemetry, Date.now)
  return new GenerationStages(
    'gold',
    parts,
    (g, { input }) => startGold(parts, writer, { generation: g.id, sources: input, batch, eraser, onFailure }),
    onFailure,
    // Events and rejects come with the first generation, whatever became of it.
    (g) => g.id === 0 || isRunning(g),
  )
}
