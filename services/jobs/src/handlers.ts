import { UNSENT } from '@mastery/infra/config/delivery.ts'
import { loadDrift } from '@mastery/infra/config/drift.ts'
import { loadProgress } from '@mastery/infra/config/progress.ts'
import { loadTraining } from '@mastery/infra/config/training.ts'
import { deliverers } from '@mastery/notify/src/parts.ts'
import type { JobHandler } from '@mastery/topology/ports/job-queue.ts'
import { gamingJob } from './behaviour/job.ts'
import { retrainingJob } from './drift/retraining.ts'
import { erasureCheckJob } from './erasure-check.ts'
import { goldOptimiseJob } from './gold-optimise.ts'
import { itemHealthJob } from './items/job.ts'
import type { JobParts } from './job-parts.ts'
import { progressJob } from './progress/job.ts'
import { rebuildStaleJob } from './rebuild/job.ts'
import { repairParts } from './rebuild/parts.ts'
import { reconcileJob } from './reconcile/job.ts'
import { retentionJob } from './retention.ts'
import { watchSignalsJob } from './signals/job.ts'
import { checkpointsIn } from './training/fit-all.ts'
import { trainJob } from './training/job.ts'
import { versionsInForce } from './training/versions.ts'

/** For whoever needs the names and what they take only. */
export const UNOPENED: JobParts = {
  installation() {
    throw new Error('Jobs can be named here, not run.')
  },
  gold: () => Promise.reject(new Error('Jobs can be named here, not run.')),
  queue: () => Promise.reject(new Error('Jobs can be named here, not run.')),
  check() {},
  delivery: () => UNSENT,
}

/** Every job there is. A new one is a handler in a file of its own, and a line here. */
export function jobHandlers(parts: JobParts): JobHandler[] {
  const repairing = async (signal: AbortSignal) =>
    repairParts(parts.installation(), await parts.gold(), { signal, check: () => parts.check() })
  const training = async () => {
    const { log, state, artefacts, provide, generations, profile } = parts.installation()
    await generations.refresh()
    const generation = generations.active.id
    const inForce = () => versionsInForce({ log, state, artefacts, provide, generation })
    const checkpoints = checkpointsIn(profile.modelsDir)
    const { labelWeight } = loadTraining()
    return { gold: await parts.gold(), artefacts, generation, inForce, labelWeight, now: Date.now, checkpoints }
  }
  const progressing = async () => {
    const { generations } = parts.installation()
    await generations.refresh()
    return { gold: await parts.gold(), generation: generations.active.id, config: loadProgress(), now: Date.now }
  }
  return [
    goldOptimiseJob(() => parts.gold()),
    rebuildStaleJob(repairing),
    reconcileJob(repairing),
    retentionJob(parts),
    erasureCheckJob(parts),
    trainJob(training),
    progressJob(progressing),
    itemHealthJob(training),
    gamingJob(progressing),
    watchSignalsJob(async () => {
      const { log, codec } = parts.installation()
      return { gold: await parts.gold(), log, codec, now: Date.now }
    }),
    ...deliverers(parts.delivery(), parts).handlers,
    retrainingJob(async () => ({
      gold: await parts.gold(),
      queue: await parts.queue(),
      policy: loadDrift().retraining,
      now: Date.now,
    })),
  ]
}
