import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { serialize } from 'node:v8'
import { type Place, ROOT, runScript } from '../processes/cli.ts'
import type { Decisions } from './decided.ts'
import type { Fingerprint } from './gold-rows.ts'
import type { Outcomes } from './outcomes.ts'
import { embeddedStates } from './states.ts'
import { LIMIT_MS } from './waiting.ts'

/** The same tenants on the embedded profile with nothing in the way, in the background. */
export class Undisturbed {
  readonly place: Place
  private readonly folder: string
  private readonly found: Promise<ReadonlyMap<string, Fingerprint[]>>
  private read: ReadonlyMap<string, string> | null = null

  /** `place`: where its data lie. `folder`: for files between the processes. */
  constructor(folder: string, place: Place, outcomes: Iterable<Outcomes>) {
    this.folder = folder
    this.place = place
    this.found = this.run([...outcomes])
    this.found.catch(() => {})
  }

  private async run(all: readonly Outcomes[]): Promise<ReadonlyMap<string, Fingerprint[]>> {
    const files = all.map((outcomes) => {
      const file = join(this.folder, outcomes.tenant)
      writeFileSync(file, serialize(outcomes))
      return file
    })
    const main = join(ROOT, 'test/faults/undisturbed-main.ts')
    const { code, out, err } = await runScript(main, files, this.place, LIMIT_MS)
    if (code !== 0) throw new Error(`The undisturbed run failed:\n${err}`)
    return new Map(Object.entries(JSON.parse(out) as Record<string, Fingerprint[]>))
  }

  /** What gold held of a tenant once all of it was processed. */
  async gold(tenant: string): Promise<Fingerprint[]> {
    return (await this.found).get(tenant)!
  }

  /** What was decided by then; of a school only. */
  async decided(tenant: string): Promise<Decisions[]> {
    await this.found
    return JSON.parse(readFileSync(join(this.folder, `${tenant}.decided`), 'utf8')) as Decisions[]
  }

  /** Sums of all students' states at the end. */
  async states(partitions: number): Promise<ReadonlyMap<string, string>> {
    await this.found
    this.read ??= await embeddedStates(this.place.data!, partitions)
    return this.read
  }

  /** Resolves when it has ended, however. */
  async ended(): Promise<void> {
    await this.found.catch(() => {})
  }
}
