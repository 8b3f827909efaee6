import { join, resolve } from 'node:path'
import { z } from 'zod'
import { TABLES } from '../provision/gold/tables.ts'
import { ConfigError, parseFile } from './profile.ts'

const FILE = join(resolve(import.meta.dirname, '../..'), 'configs/retention.json')
const FileSchema = z.strictObject({ days: z.record(z.string(), z.int().min(1).max(100_000).nullable()) })

/** Days that a table of gold keeps its rows, by the time column that the table names; null: for good. */
export type Retention = ReadonlyMap<string, number | null>

/**
 * Reads the limits. Every table whose rows age is named, so that nothing is kept, or lost, by leaving it out.
 * @throws ConfigError with every mistake
 */
export function loadRetention(file = FILE): Retention {
  const { days } = parseFile(FileSchema, file)
  const aging = TABLES.filter((t) => t.age !== null).map((t) => t.name)
  const wrong = [
    ...Object.keys(days)
      .filter((name) => !aging.includes(name))
      .map((name) => `days.${name}: gold has no table of this name whose rows age (those are ${aging.join(', ')})`),
    ...aging
      .filter((name) => !(name in days))
      .map((name) => `days.${name} is missing: give a number of days, or null to keep its rows for good`),
  ]
  if (wrong.length > 0) throw new ConfigError(`${file}: ${wrong.join('; ')}`)
  return new Map(Object.entries(days))
}
