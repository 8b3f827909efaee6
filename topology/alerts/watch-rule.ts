import type { Evidence } from '@mastery/schemas/src/generated/alert.gen.ts'
/** What a rule about the system itself looks at: services, what comes in, models, items. */
export const WATCH_KINDS = ['pipeline', 'data_quality', 'model_drift', 'item_health', 'item_drift'] as const
export type WatchKind = (typeof WATCH_KINDS)[number]

export const WATCH_ROLES = ['operator', 'content_owner', 'teacher'] as const
export type WatchRole = (typeof WATCH_ROLES)[number]

/** What a rule of kind `pipeline` measures of a part. */
export const PIPELINE_MEASURES = [
  'lag',
  'silence',
  'stopped',
  'dead_letters',
  'errors',
  'retries',
  'latency_p99',
  'age_p99',
] as const
export type PipelineMeasure = (typeof PIPELINE_MEASURES)[number]

/** What a rule of kind `data_quality` looks at. */
export const QUALITY_MEASURES = ['rejected', 'drift'] as const
export type QualityMeasure = (typeof QUALITY_MEASURES)[number]

/** In which unit a measure's thresholds are, and what they are where the file names none. */
export const MEASURES: Readonly<
  Record<PipelineMeasure | 'rejected', { enter: number; leave: number; most: number; about: string }>
> = {
  lag: { enter: 10_000, leave: 1_000, most: 1e12, about: 'records that are in the log and not yet in the state' },
  silence: {
    enter: 180,
    leave: 60,
    most: 86_400,
    about: 'seconds without a word from a part that did not say it ends',
  },
  stopped: { enter: 1, leave: 0, most: 10_000, about: 'partitions that stand still' },
  dead_letters: { enter: 0.01, leave: 0.001, most: 1, about: 'share of records that were set aside' },
  errors: { enter: 0.01, leave: 0.005, most: 1, about: 'share of operations that failed for good' },
  retries: { enter: 0.1, leave: 0.02, most: 1000, about: 'attempts that were made again, for each operation' },
  latency_p99: {
    enter: 500,
    leave: 400,
    most: 86_400_000,
    about: 'milliseconds that 99 % of operations do not exceed; it begins above',
  },
  age_p99: {
    enter: 60_000,
    leave: 30_000,
    most: 86_400_000,
    about: 'milliseconds from append to commit that 99 % of records do not exceed; it begins above',
  },
  rejected: { enter: 0.05, leave: 0.02, most: 1, about: 'share of events of a source that could not be read' },
}

/** A rule about the system itself, complete. Times in milliseconds. */
export interface WatchRule {
  id: string
  kind: WatchKind
  enabled: boolean
  severity: 'info' | 'normal' | 'urgent'
  to: readonly WatchRole[]
  /** pipeline, data_quality: what is measured. Null: what a look at gold found. */
  measure: PipelineMeasure | QualityMeasure | null
  /** In the unit of the measure; of a look at gold: how many must be found. */
  enter: number
  leave: number
  /** What it is about: parts, sources, series, model versions, topics; null: all. A `*` at the end stands for anything. */
  only: readonly string[] | null
  /** Codes that count; null: all. */
  findings: readonly string[] | null
  /** Time over which shares and quantiles are taken. */
  window: number
  /** Operations or events that there must be in it, so that it says something. */
  least: number
  /** How long it must hold before it fires. */
  for: number
  /** How long it must be over. */
  hold: number
  /** Between two notices that it fires. */
  cooldown: number
  /** After so long without a word nothing is known any more. */
  noData: number
  tellResolved: boolean
}

/** Whether a rule is about a thing of this name. */
export function isAbout({ only }: Pick<WatchRule, 'only'>, name: string): boolean {
  if (only === null) return true
  return only.some((o) => (o.endsWith('*') ? name.startsWith(o.slice(0, -1)) : o === name))
}

/** Who is told of what nobody teaches: by sourcedId in files, by pseudonym once they are in force. */
export interface People {
  /** Null: the roster's administrators. */
  operators: readonly string[] | null
  contentOwners: readonly ContentOwners[]
}

export interface ContentOwners {
  users: readonly string[]
  /** Topics whose items they answer for; null: all that nobody else is named for. */
  topics: readonly string[] | null
}

export const NOBODY_NAMED: People = { operators: null, contentOwners: [] }

/** Which part, source or model version an alert is about; null: it is about something else. */
export function aboutOf({ evidence }: { evidence: readonly Evidence[] }): string | null {
  return evidence.find((e) => e.code === 'part' || e.code === 'source' || e.code === 'model')?.text ?? null
}
