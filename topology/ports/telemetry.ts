/** Structured log lines and counters. No personal data, no secrets. */
export interface Telemetry {
  info(message: string, fields?: Record<string, unknown>): void
  warn(message: string, fields?: Record<string, unknown>): void
  error(message: string, fields?: Record<string, unknown>): void
  count(name: string, by?: number): void
}

export const SILENT: Telemetry = { info() {}, warn() {}, error() {}, count() {} }
