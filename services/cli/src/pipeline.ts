import { alertsService } from '@mastery/alerts/src/service.ts'
import { driftService } from '@mastery/drift/src/service.ts'
import { featuresService } from '@mastery/features/src/service.ts'
import { goldService } from '@mastery/gold/src/service.ts'
import type { ClickHouseGold } from '@mastery/infra/adapters/clickhouse/gold.ts'
import { loadDrift } from '@mastery/infra/config/drift.ts'
import type { StageLike } from '@mastery/infra/runtime/generation-stages.ts'
import { historyFromGold } from '@mastery/infra/runtime/gold-history.ts'
import type { Installation } from '@mastery/infra/runtime/installation.ts'
import { type HandOverParts, handOverService } from '@mastery/notify/src/hand-over.ts'
import { notifyService } from '@mastery/notify/src/service.ts'
import { scoringService } from '@mastery/scoring/src/service.ts'

/** All stages in this process: the embedded profile. */
export class Pipeline {
  readonly stages: StageLike[]
  readonly gold: ClickHouseGold
  /** Why a stage gave up, null while all run. */
  failure: Error | null = null

  /** `delivery`: who is to be told what was decided; left out, it is decided only. */
  constructor(
    installation: Installation,
    gold: ClickHouseGold,
    onFailure: (e: Error) => void = () => {},
    delivery?: HandOverParts,
  ) {
    const failed = (e: Error) => {
      this.failure ??= e
      onFailure(e)
    }
    this.gold = gold
    const { profile } = installation
    this.stages = [
      featuresService(
        installation,
        profile,
        failed,
        historyFromGold(async () => gold, installation.log, installation.codec),
      ),
      scoringService(installation, profile, failed),
      alertsService(installation, profile, failed),
      notifyService(installation, profile, failed),
      ...(delivery ? [handOverService(installation, profile, delivery, failed)] : []),
      driftService(installation, profile, loadDrift(), failed),
      goldService(installation, gold, profile, failed),
    ]
  }

  async start(): Promise<void> {
    for (const s of this.stages) await s.start()
  }

  /** Throws what stopped a stage or a partition; for loops that wait for progress. */
  check(): void {
    if (this.failure) throw this.failure
    const problems = this.stages.flatMap((s) => s.problems())
    if (problems.length > 0) throw new Error(problems.join('\n'))
  }

  async stop(): Promise<void> {
    for (const s of this.stages) await s.stop()
  }
}
