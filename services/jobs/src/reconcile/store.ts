import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { FoundStudent } from '@mastery/topology/reconcile/report.ts'
import { Tally } from '@mastery/topology/reconcile/tally.ts'
import type { Range } from './ranges.ts'

/** A student to heal, with what it takes. */
export interface ToHeal {
  tenant: string
  student: string
  extra: string[]
}

/** Where a run stands: with this it goes on after a kill. JSON. */
export interface RunState {
  version: 2
  run_id: string
  /** UTC milliseconds. */
  started_at: number
  generation: number
  cut: [partition: number, offset: number][]
  ranges: Range[]
  /** Indexes into `ranges`. */
  done: number[]
  tally: number[]
  events: number
  students: number
  approximate: number
  other_versions: number
  moving: string[]
  expired: number
  from_checkpoint: number
  behind: number
  stale: ToHeal[]
  /** Everybody to heal; of some of them more is kept for the report. */
  differing: ToHeal[]
  found: FoundStudent[]
  oracle: { rows: number; left_out: number; expired: number; differences: number; examples: string[] }
}

export function newRun(given: Pick<RunState, 'run_id' | 'started_at' | 'generation' | 'cut' | 'ranges'>): RunState {
  return {
    version: 2,
    ...given,
    done: [],
    tally: [...new Tally().cells],
    events: 0,
    students: 0,
    approximate: 0,
    other_versions: 0,
    moving: [],
    expired: 0,
    from_checkpoint: 0,
    behind: 0,
    stale: [],
    differing: [],
    found: [],
    oracle: { rows: 0, left_out: 0, expired: 0, differences: 0, examples: [] },
  }
}

/** Keeps one run's state between processes. */
export interface RunStore {
  load(): Promise<RunState | null>
  save(state: RunState): Promise<void>
  clear(): Promise<void>
}

/** In a file, replaced as a whole. */
export function fileStore(file: string): RunStore {
  return {
    async load() {
      try {
        const state = JSON.parse(readFileSync(file, 'utf8')) as RunState
        return state.version === 2 ? state : null
      } catch {
        // None, or one that was cut short: a run from the start gives the same.
        return null
      }
    },
    async save(state) {
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(`${file}.new`, JSON.stringify(state), { mode: 0o600 })
      renameSync(`${file}.new`, file)
    },
    async clear() {
      rmSync(file, { force: true })
    },
  }
}
