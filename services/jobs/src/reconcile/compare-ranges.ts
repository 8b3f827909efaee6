import { readScoreMeta } from '@mastery/infra/runtime/artefacts.ts'
import { parametersBytes } from '@mastery/topology/models/parameters.ts'
import { branchesOf } from '@mastery/topology/partition.ts'
import { filesOfMeta } from '@mastery/topology/stages/scoring/markers.ts'
import { SCORE_META } from '@mastery/topology/stages/scoring/meta.ts'
import { topicAt } from '@mastery/topology/topics.ts'
import type { RepairParts } from '../rebuild/parts.ts'
import { type Cut, Tail, within } from './cut.ts'
import { fetchRange } from './fetch.ts'
import type { RangeResult, Round } from './messages.ts'
import { askOracle, type OracleResult } from './oracle.ts'
import type { Pool } from './pool.ts'
import type { Range } from './ranges.ts'

export interface RangeOutcome {
  result: RangeResult
  /** Students with records beyond the cut. */
  moving: string[]
  /** Null where it was not asked. */
  oracle: OracleResult | null
}

/**
 * Reads, folds and compares ranges, as many at a time as there are workers and one more that is being read. `done` is
 * called for one range after the other, in the order in which they end.
 */
export async function compareRanges(
  parts: RepairParts,
  pool: Pool,
  cut: Cut,
  ranges: readonly (readonly [id: number, range: Range])[],
  options: { oracle: boolean; done(id: number, outcome: RangeOutcome): Promise<void> },
): Promise<void> {
  if (ranges.length === 0) return
  const round = await roundOf(parts, cut)
  pool.begin(round)
  const since = new Map(round.since)
  const tail = new Tail(parts, cut)
  const running = new Set<Promise<void>>()
  let ending: Promise<void> = Promise.resolve()
  let failed: unknown = null
  try {
    for (const [id, range] of ranges) {
      parts.signal?.throwIfAborted()
      parts.check()
      if (failed !== null) break
      const { task, moving, withCheckpoint } = await fetchRange(parts, range, cut, tail, since, id)
      const work = Promise.all([pool.run(task), options.oracle ? askOracle(parts, range, cut) : null])
        .then(async ([result, oracle]) => {
          // It was asked after the states were read, and may have seen more.
          if (oracle !== null && oracle.differences.length > 0) {
            await tail.advance()
            const known = new Set(withCheckpoint)
            oracle.differences = oracle.differences.filter((d) => !tail.keys.has(d.student) && !known.has(d.student))
          }
          ending = ending.then(() => options.done(id, { result, moving, oracle }))
          return ending
        })
        .catch((e: unknown) => {
          failed ??= e
        })
        .finally(() => running.delete(work))
      running.add(work)
      if (running.size > pool.size) await Promise.race(running)
    }
  } finally {
    // Also when the loop is left early: what is still being told must not outlive the run.
    await Promise.all(running)
  }
  if (failed !== null) throw failed
}

async function roundOf(parts: RepairParts, cut: Cut): Promise<Round> {
  const { generation, state } = parts
  const topic = topicAt('learning.features', generation)
  const metas = await Promise.all(
    Array.from({ length: parts.partitions.output }, async (_, partition) => {
      const found = await state.peek({ stage: 'scoring', generation, topic, partition })
      return [partition, found?.meta ?? null] as const
    }),
  )
  return {
    type: 'round',
    windows: parts.windows,
    partitions: parts.partitions.output,
    metas,
    parameters: await parametersOfAll(parts, metas),
    since: await activations(parts, cut, metas),
  }
}

async function parametersOfAll(parts: RepairParts, metas: Round['metas']): Promise<Round['parameters']> {
  const found = new Map<string, Round['parameters'][number]>()
  for (const [, bytes] of metas)
    for (const f of filesOfMeta(await readScoreMeta(bytes, parts.provide))) found.set(f.sha256, [f, parametersBytes(f)])
  return [...found.values()]
}

/** Per partition of the scoring stage, where in learning.events the newest of the versions in force was activated. */
async function activations(parts: RepairParts, cut: Cut, metas: Round['metas']): Promise<Round['since']> {
  const since = new Map<number, number>()
  const active = new Map(metas.map(([p, bytes]) => [p, bytes ? SCORE_META.decode(bytes, '').active : null]))
  if (![...active.values()].some((a) => a !== null && a.size > 0)) return []
  const rows = await parts.gold.query<{ p: number; o: number; name: string; version: string }>(
    `SELECT src_partition AS p, max(src_offset) AS o, name, version FROM markers
     WHERE action = 'activate' AND subject IN ('model', 'policy') AND ${within(cut)} GROUP BY p, name, version`,
  )
  for (const { p, o, name, version } of rows)
    for (const q of branchesOf(p, parts.partitions))
      if (active.get(q)?.get(name)?.version === version) since.set(q, Math.max(since.get(q) ?? 0, o))
  return [...since]
}
