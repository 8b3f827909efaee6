import { Eraser } from '@mastery/gold/src/erasures.ts'
import { startGold } from '@mastery/gold/src/sink.ts'
import { GoldWriter } from '@mastery/gold/src/writer.ts'
import { PLAIN } from '@mastery/infra/runtime/logic.ts'
import { foldStage, type RunningStage, type RuntimeParts } from '@mastery/infra/runtime/stage-runner.ts'
import type { DriftPolicy } from '@mastery/topology/drift/policy.ts'
import { type PartitionCounts, partitionOf } from '@mastery/topology/partition.ts'
import type { Telemetry } from '@mastery/topology/ports/telemetry.ts'
import type { AnyStage } from '@mastery/topology/stage.ts'
import { alertingStage } from '@mastery/topology/stages/alerting/stage.ts'
import { driftStage } from '@mastery/topology/stages/drift/stage.ts'
import { driftFeaturesStage, driftScoresStage } from '@mastery/topology/stages/drift-sources/stage.ts'
import { scoringStage } from '@mastery/topology/stages/scoring/stage.ts'
import { windowingStage } from '@mastery/topology/stages/windowing/stage.ts'
import { DAY_ZERO } from '@mastery/topology/testing/learner-log.ts'
import { mutantHistory, mutantPorts, mutantStage } from './mutants.ts'
import type { Process } from './scheduler.ts'
import { CodecPort } from './sim-codec.ts'
import { ErasuresPort, RemovalPort } from './sim-erasures.ts'
import { GoldPort, type Owns } from './sim-gold.ts'
import { historyIn } from './sim-history.ts'
import { LogPort } from './sim-log.ts'
import { StatePort } from './sim-state.ts'
import type { ServiceName, World } from './world.ts'

const HANDLING: Record<ServiceName, { maxRecords: number; maxDelayMs: number }> = {
  features: { maxRecords: 12, maxDelayMs: 0 },
  scoring: { maxRecords: 9, maxDelayMs: 0 },
  alerts: { maxRecords: 11, maxDelayMs: 0 },
  'drift-features': { maxRecords: 8, maxDelayMs: 0 },
  'drift-scores': { maxRecords: 6, maxDelayMs: 0 },
  drift: { maxRecords: 30, maxDelayMs: 0 },
  gold: { maxRecords: 25, maxDelayMs: 0 },
}

/** Limits so low that a few answers of a few students come to verdicts. */
const DRIFT: DriftPolicy = {
  // Long ones, and few series: every partial is written, read and folded again many times here.
  bucketHours: 96,
  latenessHours: 0,
  lateDays: 2,
  featureDays: [],
  floors: {
    psi: 0.04,
    js: 0.07,
    ks: 0.07,
    wasserstein: 0.2,
    residual: 0.03,
    logLoss: 0.03,
    brier: 0.01,
    ece: 0.03,
    volume: 0.4,
  },
  falseDiscovery: 0.4,
  leastRows: 1,
  leastIndependent: 0.1,
  countWindow: 12,
  referenceWindows: 3,
  gapWindows: 0,
  terms: [],
  retraining: { enqueue: false, cooldownDays: 1, models: ['bkt'] },
}

export type StageName = Exclude<ServiceName, 'gold'>

export function stagesOf(world: World, generation: number): Record<StageName, AnyStage> {
  const { ring } = world.plan.workload
  const policy = DRIFT
  const sources = world.countsOf(generation).output
  return {
    features: windowingStage({ days: [7, 30, 90], ring, generation }),
    scoring: scoringStage({ ring, generation }),
    // So few that those who are due have to wait for one another.
    alerts: alertingStage({ generation, mostWoken: 2 }),
    'drift-features': driftFeaturesStage({ policy, generation, sources }),
    'drift-scores': driftScoresStage({ policy, generation, sources }),
    drift: driftStage({ policy, generation }),
  }
}

/** Stages whose outputs go to other partitions than the input's own. */
const elsewhere: ReadonlySet<StageName> = new Set(['alerts', 'drift-features', 'drift-scores'])

/** Of a stage's topics; null where each partition writes to its own number. */
function countsIn(world: World, service: StageName, generation: number): PartitionCounts | null {
  const { input, output } = world.countsOf(generation)
  if (service === 'features') return { input, output }
  return elsewhere.has(service) ? { input: output, output } : null
}

/** What a process of this service runs for a generation, on simulated ports. */
export function stageIn(
  world: World,
  process: Process,
  service: ServiceName,
  generation: number,
  onFailure: (e: Error) => void,
): RunningStage {
  const { scheduler, plan } = world
  const { mutant } = plan
  const telemetry: Telemetry = {
    info() {},
    count() {},
    warn() {},
    error: (m) => scheduler.note(`${process.name} ${m}`),
  }
  const parts: RuntimeParts = {
    ...mutantPorts(
      mutant,
      service,
      new LogPort(world.log, scheduler, process, world.groups),
      new StatePort(world.state, scheduler, process, mutant !== 'skip-fence'),
    ),
    codec: new CodecPort(scheduler, process),
    sealer: PLAIN,
    telemetry,
    version: 'simulated',
    sleep: (ms) => scheduler.sleep(process, ms),
  }
  const options = { generation, batch: HANDLING[service], onFailure }
  if (service === 'gold') {
    const owns: Owns = (p, topic, g, student) => {
      const partition = partitionOf(student, world.log.countOf(topic))
      return world.state.held({ stage: 'gold', generation: g, topic, partition }).owner === p.name
    }
    const eraser = new Eraser(
      new ErasuresPort(world.erasures, scheduler, process, owns),
      new RemovalPort(world.gold, scheduler, process),
      telemetry,
      () => DAY_ZERO + Math.round(scheduler.now),
      parts.sleep!,
    )
    return startGold(parts, goldWriter(world, process, telemetry, owns), {
      ...options,
      sources: world.log.partitions,
      eraser,
    })
  }
  const partitions = countsIn(world, service, generation)
  return foldStage(parts, mutantStage(mutant, stagesOf(world, generation)[service]), {
    ...options,
    ...(partitions ? { partitions } : {}),
    cachedStates: 2 + world.random.below(6),
    ...(plan.history && service === 'features'
      ? { history: mutantHistory(mutant, historyIn(world, process, service, generation)) }
      : {}),
  })
}

function goldWriter({ gold, scheduler }: World, process: Process, telemetry: Telemetry, owns: Owns): GoldWriter {
  const timers = {
    set(run: () => void, ms: number) {
      const timer = { run }
      scheduler.at(process, ms, () => timer.run())
      return timer
    },
    clear(timer: unknown) {
      ;(timer as { run(): void }).run = () => {}
    },
  }
  return new GoldWriter(
    new GoldPort(gold, scheduler, process, owns),
    telemetry,
    { maxRows: 40, maxDelayMs: 15 },
    timers,
  )
}
