import type { Layout, PartName } from './layout.ts'
import type { Launch } from './process.ts'
import type { Tool } from './tools.ts'
import type { Log } from './wait.ts'

/** Ports of a part by name; `main` is the one that clients use. */
export type Ports = { main: number } & Record<string, number>

/** One server of the local profile. */
export type Part = {
  name: PartName
  portNames: readonly string[]
  /** Programs of the machine that it needs; artifacts need Maven besides, while they are not downloaded. */
  tools: readonly Tool[]
  /** Longest time from its start to its first answer, in milliseconds, on a slow and busy machine. */
  startLimitMs: number
  /** Time to close its files after SIGTERM, in milliseconds. */
  stopLimitMs: number
  /** Where clients find it. */
  address(ports: Ports): string
  /** Tools that are still to be installed for downloads; empty when all is there. */
  missingDownloads(layout: Layout): readonly Tool[]
  /** Installs and downloads what is missing. Idempotent. @throws Error that says what to do */
  prepare(layout: Layout, log: Log): Promise<void>
  /** Writes its configuration and says how to start it; called only while it does not run. */
  plan(layout: Layout, ports: Ports, log: Log): Promise<Launch>
  /** Whether it serves. Never throws. */
  serves(ports: Ports): Promise<boolean>
}
