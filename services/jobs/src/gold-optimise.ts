import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import type { JobHandler } from '@mastery/topology/ports/job-queue.ts'
import { noPayload } from './no-payload.ts'

/** What one run has done. */
type Optimised = { tables: { table: string; parts: number; rows: number }[] }

interface Parted {
  name: string
  parts: number
  rows: number
}

/**
 * Merges the current tables (those without a time partition) down to one part, so that readers with FINAL have no
 * replaced rows to skip. Merging changes no answer: running it twice, or half of it, is harmless. A table of one part
 * is left alone.
 */
export function goldOptimiseJob(open: () => Promise<GoldStore>): JobHandler<null, Optimised> {
  return {
    name: 'gold-optimise',
    about: 'Merges the current tables of gold, so that reading them is fast.',
    exclusive: true,
    attempts: 2,
    backoffMs: 60_000,
    parse: noPayload(),
    async run(_, { signal, progress }) {
      const gold = await open()
      const wanted = await gold.query<Parted>(
        `SELECT t.name AS name, count() AS parts, sum(p.rows) AS rows
         FROM system.tables AS t JOIN system.parts AS p ON p.database = t.database AND p.table = t.name
         WHERE t.database = currentDatabase() AND endsWith(t.engine, 'ReplacingMergeTree') AND t.partition_key = '' AND p.active
         GROUP BY name HAVING parts > 1 ORDER BY name`,
      )
      const done: Optimised['tables'] = []
      for (const [i, { name, parts, rows }] of wanted.entries()) {
        signal.throwIfAborted()
        progress(i / wanted.length, name)
        await gold.queryText(`OPTIMIZE TABLE \`${name}\` FINAL`, 'Null')
        done.push({ table: name, parts, rows })
      }
      return { tables: done }
    },
  }
}
