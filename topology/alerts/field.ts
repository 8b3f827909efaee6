const DAY = 86_400_000

/** What may stand in a field. */
export type FieldType =
  | { is: 'number'; min: number; max: number; whole?: true }
  | { is: 'duration'; min: number; max: number }
  | { is: 'flag' }
  | { is: 'one of'; of: readonly string[] }
  | { is: 'some of'; of: readonly string[] }
  | { is: 'texts' }
  | { is: 'text' }
  | { is: 'line' }
  | { is: 'offset' }
  | { is: 'date' }
  | { is: 'group'; fields: readonly Field[] }

/** One field of a rules file: what the reader takes, and what the reference page says of it. */
export interface Field {
  name: string
  type: FieldType
  /** Undefined: it must be given. Null: without it the rule has no such thing. */
  usual?: unknown
  about: string
}

export const MASTERY: FieldType = { is: 'number', min: 0, max: 1 }

/** A time of up to `max` milliseconds, a year if it is not given. */
export const span = (max = 366 * DAY, min = 0): FieldType => ({ is: 'duration', min, max })
