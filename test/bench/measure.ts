import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { dirname } from 'node:path'
import { PerformanceObserver } from 'node:perf_hooks'

/** One measured case. Rates are records a second, costs microseconds a record, memory MiB. Null: has none. */
export interface Figure {
  scenario: string
  what: string
  records: number
  seconds: number
  per_second: number
  /** CPU of the whole process, or of all processes where the scenario has several, per record. */
  cpu_us: number | null
  /** CPU of the main thread alone, per record. */
  main_us: number | null
  /** Share of the wall time that the main thread stood still for garbage collection. */
  gc_share: number | null
  p50_ms: number | null
  p99_ms: number | null
  peak_rss_mib: number | null
  ceiling: Ceiling | null
  share_of_ceiling: number | null
  goal: Goal | null
  /** What else was counted, by name with its unit. */
  more: Record<string, number | string>
}

/** A bound from streams.md section 7, or one that it states elsewhere and names. */
export interface Ceiling {
  value: number
  what: string
}

/** `at_least` a rate, or `at_most` a latency or a size. Stated, never asserted. */
export interface Goal {
  value: number
  unit: string
  sense: 'at_least' | 'at_most'
  reached: boolean
}

export interface Machine {
  cpu: string
  cores: number
  memory_gib: number
  node: string
  node_flags: string
  /** One-minute load average when the run began; above zero, something else was running. */
  load_at_start: number
  at: string
}

export function machine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memory_gib: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    node_flags: process.execArgv.join(' '),
    load_at_start: Math.round(loadavg()[0]! * 100) / 100,
    at: new Date().toISOString(),
  }
}

export interface Lap {
  seconds: number
  cpuMs: number
  mainMs: number
  gcMs: number
}

/** Wall, CPU and garbage collection of this process between `start` and `stop`. */
export class Stopwatch {
  private gcMs = 0
  private readonly observer = new PerformanceObserver((list) => {
    for (const e of list.getEntries()) this.gcMs += e.duration
  })
  private begun = 0
  private cpu = process.cpuUsage()
  private main = process.threadCpuUsage()

  constructor() {
    this.observer.observe({ entryTypes: ['gc'] })
  }

  start(): void {
    this.begun = performance.now()
    this.cpu = process.cpuUsage()
    this.main = process.threadCpuUsage()
    this.gcMs = 0
  }

  async stop(): Promise<Lap> {
    const seconds = (performance.now() - this.begun) / 1000
    const cpu = process.cpuUsage(this.cpu)
    const main = process.threadCpuUsage(this.main)
    // Entries are handed to the observer between turns of the event loop.
    await new Promise((r) => setTimeout(r, 5))
    this.observer.disconnect()
    return {
      seconds,
      cpuMs: (cpu.user + cpu.system) / 1000,
      mainMs: (main.user + main.system) / 1000,
      gcMs: this.gcMs,
    }
  }
}

/** Greatest resident size of this process so far, MiB. */
export function peakRssMib(): number {
  return process.resourceUsage().maxRSS / 1024
}

const NOTHING = {
  cpu_us: null,
  main_us: null,
  gc_share: null,
  p50_ms: null,
  p99_ms: null,
  peak_rss_mib: null,
  ceiling: null,
  share_of_ceiling: null,
  goal: null,
} as const

/** Fills a figure from a lap of this process. `ceiling` and a goal without its outcome are rates. */
export function figure(
  about: { scenario: string; what: string; records: number; ceiling?: Ceiling; goal?: number },
  lap: Lap,
  more: Figure['more'] = {},
): Figure {
  const perSecond = about.records / lap.seconds
  return {
    ...NOTHING,
    scenario: about.scenario,
    what: about.what,
    records: about.records,
    seconds: lap.seconds,
    per_second: perSecond,
    cpu_us: (lap.cpuMs * 1000) / about.records,
    main_us: (lap.mainMs * 1000) / about.records,
    gc_share: lap.gcMs / 1000 / lap.seconds,
    peak_rss_mib: peakRssMib(),
    ceiling: about.ceiling ?? null,
    share_of_ceiling: about.ceiling ? perSecond / about.ceiling.value : null,
    goal: about.goal === undefined ? null : atLeast(about.goal, perSecond),
    more,
  }
}

export function atLeast(value: number, found: number, unit = 'records/s'): Goal {
  return { value, unit, sense: 'at_least', reached: found >= value }
}

export function atMost(value: number, found: number, unit: string): Goal {
  return { value, unit, sense: 'at_most', reached: found <= value }
}

/** Nearest-rank percentile; NaN where nothing was measured. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil((p / 100) * sorted.length) - 1))] ?? Number.NaN
}

/** CPU that a process has used, milliseconds; null where the kernel does not say or it is gone. */
export function cpuMsOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // utime and stime in clock ticks, of which Linux shows 100 a second to user space.
    return (Number(fields[11]) + Number(fields[12])) * 10
  } catch {
    return null
  }
}

function fields(path: string): Map<string, number> {
  try {
    return new Map(
      [...readFileSync(path, 'utf8').matchAll(/^(\w+):\s+(\d+) kB/gm)].map((m) => [m[1]!, Number(m[2]) / 1024]),
    )
  } catch {
    return new Map()
  }
}

/** Greatest resident size of a process, MiB; null where the kernel does not say. */
export function peakRssMibOf(pid: number): number | null {
  return fields(`/proc/${pid}/status`).get('VmHWM') ?? null
}

/** What a resident size consists of, MiB: `file` are pages of mapped files, which the kernel takes back when it needs them. */
export function residentParts(pid: number | 'self'): { rss: number; anonymous: number; file: number } | null {
  const f = fields(`/proc/${pid}/smaps_rollup`)
  const rss = f.get('Rss')
  const anonymous = f.get('Anonymous')
  return rss === undefined || anonymous === undefined ? null : { rss, anonymous, file: rss - anonymous }
}

export function saveJson(path: string, value: unknown): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`)
}
