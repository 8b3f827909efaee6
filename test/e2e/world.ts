import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Pipeline } from '@mastery/cli/src/pipeline.ts'
import type { ClickHouseGold } from '@mastery/infra/adapters/clickhouse/gold.ts'
import { ConsoleTelemetry } from '@mastery/infra/adapters/telemetry/console.ts'
import { loadProfile, type Profile } from '@mastery/infra/config/profile.ts'
import { drain } from '@mastery/infra/runtime/drain.ts'
import { type Installation, openInstallation } from '@mastery/infra/runtime/installation.ts'
import { type RepairParts, repairParts } from '@mastery/jobs/src/rebuild/parts.ts'
import { partitionOf } from '@mastery/topology/partition.ts'
import type { Input } from '@mastery/topology/testing/topology-driver.ts'

/** An embedded installation with all stages in this process, in a folder of its own. */
export class World {
  readonly dir: string
  readonly installation: Installation
  readonly gold: ClickHouseGold
  pipeline: Pipeline

  private constructor(dir: string, installation: Installation, gold: ClickHouseGold) {
    this.dir = dir
    this.installation = installation
    this.gold = gold
    this.pipeline = new Pipeline(installation, gold)
  }

  /** `change`: what differs from the shipped profile. */
  static async open(change: Partial<Profile> = {}): Promise<World> {
    const dir = mkdtempSync(join(tmpdir(), 'mastery-world-'))
    const profile = { ...loadProfile({ MASTERY_PROFILE: 'embedded' }, { data: dir }), ...change }
    const installation = await openInstallation(profile, new ConsoleTelemetry('test', true))
    const world = new World(dir, installation, await installation.openGold())
    await world.pipeline.start()
    return world
  }

  parts(signal?: AbortSignal): RepairParts {
    const check = () => this.pipeline.check()
    return repairParts(this.installation, this.gold, { check, ...(signal ? { signal } : {}) })
  }

  /** Appends records in the order given, events and commands in their student's partition, the others everywhere. */
  async append(inputs: Iterable<Input>): Promise<void> {
    const { log, codec, profile } = this.installation
    const records = [...inputs].flatMap((input) => {
      const value = codec.encode(input.subject, input.value)
      const key = 'student' in input.value ? input.value.student : input.subject
      const everywhere = Array.from({ length: profile.partitions }, (_, p) => p)
      const at = 'student' in input.value ? [partitionOf(key, profile.partitions)] : everywhere
      return at.map((partition) => ({ topic: 'learning.events' as const, partition, key, value, timestamp: 0 }))
    })
    for (let i = 0; i < records.length; i += 2000) await log.append(records.slice(i, i + 2000))
  }

  /** Until everything that was appended has reached gold. */
  async drained(): Promise<void> {
    const { log, state, profile } = this.installation
    const check = () => this.pipeline.check()
    await drain(log, state, profile.generation, () => {}, check)
  }

  async send(inputs: Iterable<Input>): Promise<void> {
    await this.append(inputs)
    await this.drained()
  }

  /** A new set of stages, after the old one was stopped: nothing of a state is in memory then. */
  async restart(installation = this.installation): Promise<void> {
    this.pipeline = new Pipeline(installation, this.gold)
    await this.pipeline.start()
  }

  async close(): Promise<void> {
    await this.pipeline.stop()
    await this.gold.close()
    await this.installation.close()
    rmSync(this.dir, { recursive: true, force: true })
  }
}
