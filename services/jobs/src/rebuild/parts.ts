import type { HistorySource } from '@mastery/infra/adapters/clickhouse/history.ts'
import type { Profile } from '@mastery/infra/config/profile.ts'
import type { ProvideFiles } from '@mastery/infra/runtime/artefacts.ts'
import type { Installation } from '@mastery/infra/runtime/installation.ts'
import { partitionsOf } from '@mastery/topology/generations/generation.ts'
import type { PartitionCounts } from '@mastery/topology/partition.ts'
import type { Codec } from '@mastery/topology/ports/codec.ts'
import type { EventLog } from '@mastery/topology/ports/event-log.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import type { StateStore } from '@mastery/topology/ports/state-store.ts'
import type { Telemetry } from '@mastery/topology/ports/telemetry.ts'
import type { ServerSource } from '@mastery/topology/served/servers.ts'

/** What repairs and comparisons work on. */
export interface RepairParts {
  log: EventLog
  state: StateStore
  codec: Codec
  gold: GoldStore & HistorySource
  /** Whose states and rows are meant. */
  generation: number
  /** Of learning.events, and of the topics that the generation computes. */
  partitions: PartitionCounts
  /** Reads trained models. */
  provide: ProvideFiles
  /** Trained models. */
  servers: ServerSource
  windows: Profile['windows']
  telemetry: Telemetry
  /** UTC milliseconds. */
  now(): number
  /** Throws what stopped the stages, for loops that wait for them. */
  check(): void
  signal?: AbortSignal
}

/** The parts of an installation, for the generation that readers see. */
export function repairParts(
  installation: Installation,
  gold: GoldStore & HistorySource,
  more: { check?: () => void; signal?: AbortSignal } = {},
): RepairParts {
  const { log, state, codec, telemetry, profile, generations, provide, servers } = installation
  const { active } = generations
  return {
    log,
    state,
    codec,
    gold,
    generation: active.id,
    partitions: { input: profile.partitions, output: partitionsOf(active, profile.partitions) },
    provide,
    servers,
    windows: profile.windows,
    telemetry,
    now: Date.now,
    check: more.check ?? (() => {}),
    ...(more.signal ? { signal: more.signal } : {}),
  }
}

/** Waits between two looks; ends early, by throwing, where somebody called the work off or a stage gave up. */
export async function pause(parts: RepairParts, ms: number): Promise<void> {
  parts.signal?.throwIfAborted()
  parts.check()
  await new Promise((r) => setTimeout(r, ms))
  parts.signal?.throwIfAborted()
}
