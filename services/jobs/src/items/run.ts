import type { HistorySource } from '@mastery/infra/adapters/clickhouse/history.ts'
import { ITEM_MODELS, itemParameters } from '@mastery/topology/items/parameters.ts'
import { normativeThreshold, RAPID_OPTIONS, type RapidOptions } from '@mastery/topology/items/rapid.ts'
import type { ArtefactStore } from '@mastery/topology/ports/artefact-store.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import type { InForce } from '../training/versions.ts'
import { MEAN_TIMES_SQL, predictedSql, studentsSql, versionsSql } from './answers.ts'
import { foldInThread } from './fold-thread.ts'
import type { FoldCounts, FoldedRows, Stamp } from './messages.ts'
import { parameterRow } from './rows.ts'
import { type ItemVersion, itemVersionsInForce, parametersOf } from './versions.ts'

export interface ItemHealthParts {
  gold: GoldStore & HistorySource
  artefacts: ArtefactStore
  generation: number
  inForce(): Promise<ReadonlyMap<string, InForce>>
  /** UTC milliseconds. */
  now(): number
  signal?: AbortSignal
}

export interface ItemHealthOptions {
  /** Model whose predictions are used; left out: irt where it predicted nearly everything that elo did, else elo. */
  source?: string
  /** Version whose parameters are shown with items; left out: the one in force of the first of irt and elo that knows items. */
  shown?: { model: string; version: string }
  rapid?: RapidOptions
  progress?(fraction: number, message: string): void
}

export interface ItemHealthRun extends FoldCounts {
  runId: string
  source: string
  /** model@version whose parameters the rows show; empty: no version knows items. */
  shown: string
  seconds: number
}

export class ItemHealthError extends Error {
  override name = 'ItemHealthError'
}

/** Rows of parameters to one insert. */
const BATCH = 20_000
const NEARLY_ALL = 0.9

/**
 * Computes health, drift and parameters of all items from what gold has and writes them there. ClickHouse sorts the
 * answers by item, a thread folds them: memory here holds a few blocks. A run that is cut off leaves newer rows among
 * the old ones, which the next one replaces.
 * @throws ItemHealthError where gold has no predictions
 */
export async function runItemHealth(parts: ItemHealthParts, options: ItemHealthOptions = {}): Promise<ItemHealthRun> {
  const { gold, generation, artefacts } = parts
  const started = performance.now()
  const asOf = parts.now()
  const runId = `items-${new Date(asOf).toISOString()}`
  options.progress?.(0, 'looking for predictions')
  const found = (await gold.query<{ source: string; version: string; answers: number }>(versionsSql(generation))).map(
    (r) => ({ ...r, answers: Number(r.answers) }),
  )
  const source = sourceOf(found, options.source)
  const total = found.reduce((n, r) => n + (r.source === source ? r.answers : 0), 0)
  const inForce = await parts.inForce()
  const read = async (model: string, version: string): Promise<ItemVersion> => ({
    model,
    version,
    parameters: await parametersOf(artefacts, model, version, inForce),
  })
  const active = itemVersionsInForce(inForce)
  const used: ItemVersion[] = []
  for (const r of found) if (ITEM_MODELS.includes(r.source)) used.push(await read(r.source, r.version))
  const given = options.shown && (await read(options.shown.model, options.shown.version))
  if (given && given.parameters === null)
    throw new ItemHealthError(
      `There is no version ${given.version} of ${given.model} with parameters of items; "npx mastery models list ${given.model}" shows those that were trained.`,
    )
  const shown = given ?? active.find((v) => itemParameters(v.parameters).size > 0) ?? null
  const stamp: Stamp = {
    runId,
    asOf,
    generation,
    source,
    version: shown === null ? '' : `${shown.model}@${shown.version}`,
  }
  const rapid = options.rapid ?? RAPID_OPTIONS
  const means = await gold.query<{ tenant: string; ms: number }>(MEAN_TIMES_SQL)
  const pooled = means.map(({ tenant, ms }) => [tenant, normativeThreshold(ms, rapid)] as const)
  const students = await gold.query<{ tenant: string; students: number }>(studentsSql(generation, source))
  const counts = await foldInThread({
    setup: {
      versions: used.filter((v) => v.model === source).map((v) => [v.version, v.parameters] as const),
      shown: shown?.parameters ?? null,
      comparable: shown?.model === source,
      students: students.map((s) => [s.tenant, Number(s.students)] as const),
      rapid,
      pooled,
      stamp,
    },
    chunks: gold.stream(predictedSql(generation, source), 'RowBinary'),
    ...(parts.signal ? { signal: parts.signal } : {}),
    rows: (rows) => store(gold, rows),
    progress: (answers) => options.progress?.(Math.min(1, answers / total), 'answers'),
  })
  await storeParameters(gold, [...used, ...active, ...(given ? [given] : [])], asOf)
  const seconds = Math.round(performance.now() - started) / 1000
  const names = active.map((v) => `${v.model}@${v.version}`)
  const { answers, items, flagged, insufficient } = counts
  await gold.insert([
    {
      table: 'item_runs',
      rows: [
        [
          runId,
          asOf,
          parts.now(),
          generation,
          source,
          names,
          Object.fromEntries(pooled),
          answers,
          items,
          flagged,
          insufficient,
          seconds,
        ],
      ],
    },
  ])
  return { ...counts, runId, source, shown: stamp.version, seconds }
}

function sourceOf(found: readonly { source: string; answers: number }[], wanted: string | undefined): string {
  const answers = (model: string) => found.reduce((n, r) => n + (r.source === model ? r.answers : 0), 0)
  const known = [...new Set(found.map((r) => r.source))]
  if (known.length === 0)
    throw new ItemHealthError('Gold has no predictions of answers yet. Send or import events first.')
  if (wanted !== undefined) {
    if (!known.includes(wanted))
      throw new ItemHealthError(`No answer was predicted by "${wanted}"; give one of ${known.join(', ')}.`)
    return wanted
  }
  if (answers('irt') > NEARLY_ALL * answers('elo')) return 'irt'
  return answers('elo') > 0 ? 'elo' : known[0]!
}

async function store(gold: GoldStore, rows: FoldedRows): Promise<void> {
  await gold.insert([
    { table: 'item_health', rows: rows.item_health },
    { table: 'item_drift', rows: rows.item_drift },
  ])
}

async function storeParameters(gold: GoldStore, versions: readonly ItemVersion[], asOf: number): Promise<void> {
  const done = new Set<string>()
  for (const { model, version, parameters } of versions) {
    if (done.has(`${model}@${version}`)) continue
    done.add(`${model}@${version}`)
    const rows = [...itemParameters(parameters)].map(([item, p]) => parameterRow(item, model, version, p, asOf))
    for (let i = 0; i < rows.length; i += BATCH)
      await gold.insert([{ table: 'item_params', rows: rows.slice(i, i + BATCH) }])
  }
}
