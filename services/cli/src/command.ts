import type { ClickHouseGold } from '@mastery/infra/adapters/clickhouse/gold.ts'
import type { Profile } from '@mastery/infra/config/profile.ts'
import type { Tenant } from '@mastery/infra/config/secrets.ts'
import type { Installation } from '@mastery/infra/runtime/installation.ts'
import type { JobQueue } from '@mastery/topology/ports/job-queue.ts'
import type { ErrorLine } from './progress.ts'

/** Where a command writes. Standard output carries results only; everything else goes to the error stream. */
export interface Io {
  out(text: string): void
  err: ErrorLine
  cwd: string
}

/** What commands work on: the installation, opened once, by this process or by the one that runs already. */
export interface Host {
  profile: Profile
  installation: Installation
  gold(): Promise<ClickHouseGold>
  /** Makes sure that the stages run: starts them in this process on the embedded profile. Gives a check that throws what stopped them. */
  stages(): Promise<() => void>
  /** The queue of jobs. */
  jobs(): Promise<JobQueue>
  /** Makes sure that jobs of this name are run: in this process on the embedded profile, where none runs them yet. */
  runJobs(name: string): Promise<void>
  tenant(id: string | undefined): Tenant
}

export interface Command {
  name: string
  /** One line for the list of commands. */
  summary: string
  /** The whole help text. */
  help: string
  /** Works without an installation; or does so when it is called with these arguments. */
  standalone?: true | ((args: readonly string[]) => boolean)
  run(host: Host, args: string[], io: Io): Promise<number>
}

/** The command was called wrongly; the message says how to call it. */
export class UsageError extends Error {
  override name = 'UsageError'
}
