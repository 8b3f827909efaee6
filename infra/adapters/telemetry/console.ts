import type { Telemetry } from '@mastery/topology/ports/telemetry.ts'

/** One JSON line per message on standard error; counters are kept for whoever asks. */
export class ConsoleTelemetry implements Telemetry {
  readonly counters = new Map<string, number>()
  private readonly service: string
  private readonly quiet: boolean

  /** `quiet` keeps information to itself and prints warnings and errors only. */
  constructor(service: string, quiet = false) {
    this.service = service
    this.quiet = quiet
  }
  private line(level: string, message: string, fields: Record<string, unknown> = {}): void {
    process.stderr.write(
      `${JSON.stringify({ time: new Date().toISOString(), level, service: this.service, message, ...fields })}\n`,
    )
  }
  info(message: string, fields?: Record<string, unknown>): void {
    if (!this.quiet) this.line('info', message, fields)
  }
  warn(message: string, fields?: Record<string, unknown>): void {
    this.line('warn', message, fields)
  }
  error(message: string, fields?: Record<string, unknown>): void {
    this.line('error', message, fields)
  }
  count(name: string, by = 1): void {
    this.counters.set(name, (this.counters.get(name) ?? 0) + by)
  }
}
