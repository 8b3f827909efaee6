import type { PipelineMeasure } from '../alerts/watch-rule.ts'
import type { Found, SystemAbout } from './system-story.ts'

type Of<K extends SystemAbout['is']> = Extract<SystemAbout, { is: K }>

/** A language's sentences on the system itself. */
export interface SystemPhrases {
  /** By measure: what a part does, and what it does again. */
  part: Readonly<Record<PipelineMeasure, { begins(part: string): string; ends(part: string): string }>>
  /** The figure of a measure beside its line. */
  measured(about: Of<'part'>): string
  source: { begins(source: string): string; ends(source: string): string; told(about: Of<'source'>): string }
  series: { begins(n: number): string; ends: string }
  items: { begins(n: number, topic: string | null): string; ends(topic: string | null): string }
  model: { begins(model: string | null): string; ends(model: string | null): string }
  unsaid: { begins: string; ends: string }
  /** What was found of one thing. */
  found(f: Found): string
  further(n: number): string
  since(ms: number): string
  lastHeard(ms: number): string
  counted(n: number, windowMs: number | null, what: 'operations' | 'events'): string
  rebuilding(n: number): string
  partitions(n: number): string
  problem(text: string): string
  runsIn(services: readonly string[]): string
  next: {
    part: Readonly<Record<PipelineMeasure, (about: Of<'part'>) => string>>
    source: string
    series: string
    /** For teachers: what it means for what they are told. */
    teacher: string
    model(model: string | null): string
    /** `key`: abler students are right less often, or choose one wrong option. */
    items(item: string | null, key: boolean): string
    unsaid: string
  }
}
