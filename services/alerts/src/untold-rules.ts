import type { StageLike } from '@mastery/infra/runtime/generation-stages.ts'
import type { Telemetry } from '@mastery/topology/ports/telemetry.ts'

/** By then the stages have read what stood in their topics. */
const FIRST_MS = 30_000
const EVERY_MS = 3_600_000

/**
 * Says in the log which organisations have rules in force that ops.metrics was never told of, as an older build has left
 * it: nobody is told of services, data, models and items there. Nothing else waits for it.
 */
export class UntoldRules implements StageLike {
  readonly name = 'watching'
  private readonly untold: () => Promise<string[]>
  private readonly telemetry: Pick<Telemetry, 'warn'>
  private readonly times: { first: number; every: number }
  private timer: NodeJS.Timeout | null = null

  constructor(
    untold: () => Promise<string[]>,
    telemetry: Pick<Telemetry, 'warn'>,
    times = { first: FIRST_MS, every: EVERY_MS },
  ) {
    this.untold = untold
    this.telemetry = telemetry
    this.times = times
  }

  async start(): Promise<void> {
    this.next(this.times.first)
  }

  private next(ms: number): void {
    this.timer = setTimeout(() => void this.look(), ms)
    this.timer.unref()
  }

  private async look(): Promise<void> {
    // A store that is away is no news of rules.
    const tenants = await this.untold().catch(() => [])
    if (this.timer === null) return
    if (tenants.length > 0)
      this.telemetry.warn(
        `No rules about the system itself are in force for ${tenants.join(', ')}, since an older build put their rules in force: "npx mastery alerts activate FILE" does it again.`,
      )
    this.next(this.times.every)
  }

  problems(): string[] {
    return []
  }

  rebuilding(): string[] {
    return []
  }

  async lag(): Promise<number> {
    return 0
  }

  async stop(): Promise<void> {
    if (this.timer) clearTimeout(this.timer)
    this.timer = null
  }
}
