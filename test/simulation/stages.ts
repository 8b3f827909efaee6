import { Eraser } from '@mastery/gold/src/erasures.ts'
import { startGold } from '@mastery/gold/src/sink.ts'
import { GoldWriter } from '@mastery/gold/src/writer.ts'
import { PLAIN } from '@mastery/infra/runtime/logic.ts'
import { foldStage, type RunningStage, type RuntimeParts } from '@mastery/infra/runtime/stage-runner.ts'
import { type PartitionCounts, partitionOf } from '@mastery/topology/partition.ts'
import type { Telemetry } from '@mastery/topology/ports/telemetry.ts'
import type { AnyStage } from '@mastery/topology/stage.ts'
import { alertingStage } from '@mastery/topology/stages/alerting/stage.ts'
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
import type { Workload } from './workload.ts'
import type { ServiceName, World } from './world.ts'

const HANDLING: Record<ServiceName, { maxRecords: number; maxDelayMs: number }> = {
  features: { maxRecords: 12, maxDelayMs: 0 },
  scoring: { maxRecords: 9, maxDelayMs: 0 },
  alerts: { maxRecords: 11, maxDelayMs: 0 },
  gold: { maxRecords: 25, maxDelayMs: 0 },
}

export function stagesOf(
  workload: Workload,
  generation: number,
): { features: AnyStage; scoring: AnyStage; alerts: AnyStage } {
  const { ring } = workload
  return {
    features: windowingStage({ days: [7, 30, 90], ring, generation }),
    scoring: scoringStage({ ring, generation }),
    // So few that those who are due have to wait for one another.
    alerts: alertingStage({ generation, mostWoken: 2 }),
  }
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
  const { mutant, workload } = plan
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
  return foldStage(parts, mutantStage(mutant, stagesOf(workload, generation)[service]), {
    ...options,
    ...partitionsOf(world, service, generation),
    cachedStates: 2 + world.random.below(6),
    ...(plan.history && service === 'features'
      ? { history: mutantHistory(mutant, historyIn(world, process, service, generation)) }
      : {}),
  })
}

/** Of a stage whose outputs go elsewhere than to the input's own partition. */
function partitionsOf(world: World, service: ServiceName, generation: number): { partitions?: PartitionCounts } {
  const counts = world.countsOf(generation)
  if (service === 'features') return { partitions: counts }
  return service === 'alerts' ? { partitions: { input: counts.output, output: counts.output } } : {}
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
