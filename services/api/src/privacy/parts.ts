import type { GoldRows } from '@mastery/infra/adapters/clickhouse/removal.ts'
import type { ProvideFiles } from '@mastery/infra/runtime/artefacts.ts'
import type { Generation } from '@mastery/topology/generations/generation.ts'
import type { Codec } from '@mastery/topology/ports/codec.ts'
import type { EventLog } from '@mastery/topology/ports/event-log.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import type { Identity } from '@mastery/topology/ports/identity-vault.ts'
import type { JobQueue } from '@mastery/topology/ports/job-queue.ts'
import type { StateStore } from '@mastery/topology/ports/state-store.ts'
import type { Telemetry } from '@mastery/topology/ports/telemetry.ts'
import type { Forgotten } from '../roster/forget.ts'

/** What erasing, readmitting and exporting work on: every store that knows students. */
export interface PrivacyParts {
  log: EventLog
  state: StateStore
  codec: Codec
  gold: GoldStore & GoldRows
  /** Of learning.events. */
  partitions: number
  /** Reads trained models. */
  provide: ProvideFiles
  /** Every generation that stages run for. */
  generations(): readonly Generation[]
  /** The queue of jobs, where this process can reach it. */
  jobs: (() => Promise<Pick<JobQueue, 'list'>>) | null
  /** The roster and the vault; null: this process does not reach them. */
  roster: RosterPrivacy | null
  /** Whether the log forgets by itself: Kafka does, the embedded log keeps what it has. */
  logExpires: boolean
  telemetry: Telemetry
  /** UTC milliseconds. */
  now(): number
  /** How long to wait until the stages have carried a command out, milliseconds. */
  waitMs: number
  /** Throws what stopped the stages, where they run in this process. */
  check?(): void
}

/** What erasing and exporting ask of rosters and of the vault. */
export interface RosterPrivacy {
  /** Takes the person out; of somebody who is not there it finds nothing. */
  forget(of: Subject): Promise<Forgotten>
  /** Former versions that name the pseudonym. */
  formerVersions(of: Subject): Promise<number>
  /** What the vault holds of the person. */
  identity(of: Subject): Promise<Identity | null>
}

/** A student as stores know him. */
export interface Subject {
  tenant: string
  /** Pseudonym. */
  student: string
}
