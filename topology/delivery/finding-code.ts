import type { SeriesKind } from '../drift/series.ts'
import type { FlagCode } from '../items/item-health.ts'

/** What a look at gold may find, as ops-signal names it. */
export type FindingCode = FlagCode | SeriesKind | 'drift' | 'harder' | 'easier' | 'key'
