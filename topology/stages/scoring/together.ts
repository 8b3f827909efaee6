import type { Marker } from '@mastery/schemas/src/generated/marker.gen.ts'
import { SERVED_AND_BLEND } from '../../served/catalog.ts'
import type { ServerSource } from '../../served/servers.ts'
import type { StageRecord, StepResult } from '../../stage.ts'
import type { RingLimits } from '../windowing/apply.ts'
import type { ParamSet } from './fold.ts'
import { inForce, type ServedVersion } from './in-force.ts'
import type { ScoreMeta } from './meta.ts'
import { type InService, type Stretch, serve, snapsOf } from './serving.ts'
import type { ScoreState } from './state.ts'
import { type Begun, type ScoreStep, SEEN } from './step.ts'
import { beyondLimits, evictLearned, learnBase } from './trim.ts'

/** Whether versions of served models are in force before these records or come into force among them. */
export function needsServing(records: readonly StageRecord[], meta: ScoreMeta): boolean {
  if (inForce(meta).served.length > 0) return true
  return records.some((r) => {
    if (r.subject !== 'marker') return false
    const { action, subject, name } = r.value as Marker
    return action === 'activate' && subject === 'model' && SERVED_AND_BLEND.some((m) => m.id === name)
  })
}

/** @throws Error where nothing can serve: the process was started without engines */
export async function inService(
  versions: readonly ServedVersion[],
  servers: ServerSource | undefined,
): Promise<InService[]> {
  if (versions.length === 0) return []
  if (servers === undefined) throw new Error('Trained models are in force, and this process serves none.')
  return Promise.all(
    versions.map(async ({ at, version, payload }) => ({
      at,
      version,
      server: await servers.of(SERVED_AND_BLEND[at]!, version, payload),
    })),
  )
}

interface Parts {
  ring: RingLimits
  servers?: ServerSource
  steps: ScoreStep
  /** Called after every wave. */
  alive?(): Promise<void>
  /** Ticks, markers, and what does not belong here. */
  concerningAll(record: StageRecord, meta: ScoreMeta): StepResult
}

interface Waiting {
  /** Place among the results. */
  at: number
  record: StageRecord
  s: ScoreState
}

/**
 * Scores records in waves: the first of every student, then the second, and so on, so that the served models see as many
 * students as there are in one batch. Students do not meet, so what comes out is what one record after the other gives.
 */
export async function scoreTogether(
  parts: Parts,
  records: readonly StageRecord[],
  states: readonly (ScoreState | null)[],
  meta: ScoreMeta,
): Promise<StepResult[]> {
  const results: StepResult[] = []
  let waves: Waiting[][] = []
  let depth = new Map<ScoreState, number>()
  for (const [at, record] of records.entries()) {
    if (record.subject === 'feature-record') {
      if (!parts.steps.isNew(record, meta)) {
        results[at] = SEEN
        continue
      }
      const s = states[at]!
      const wave = depth.get(s) ?? 0
      depth.set(s, wave + 1)
      ;(waves[wave] ??= []).push({ at, record, s })
      continue
    }
    if (record.subject === 'marker') {
      // Versions change here, for everything behind it.
      for (const w of waves) await score(parts, w, meta, results)
      waves = []
      depth = new Map()
    }
    results[at] = parts.concerningAll(record, meta)
  }
  for (const w of waves) await score(parts, w, meta, results)
  return results
}

async function score(parts: Parts, wave: readonly Waiting[], meta: ScoreMeta, results: StepResult[]): Promise<void> {
  const all: [at: number, begun: Begun][] = []
  for (const { at, record, s } of wave) {
    const begun = parts.steps.begin(record, s, meta)
    if (begun.type !== 'begun') {
      results[at] = begun
      continue
    }
    // The step's own array is used again for the next record.
    if (begun.folded !== null) begun.folded.means = begun.folded.means.slice()
    all.push([at, begun])
  }
  const begun = all.map(([, b]) => b)
  await speak(parts, begun, meta)
  for (const [at, b] of all) results[at] = parts.steps.finish(b)
  const states = begun.map((b) => b.s)
  await trimAll(parts, states, meta)
  await parts.alive?.()
}

async function speak({ servers }: Parts, wave: readonly Begun[], meta: ScoreMeta): Promise<void> {
  const service = await inService(inForce(meta).served, servers)
  const stretches = wave.flatMap(({ s, own, folded }): Stretch[] => {
    if (folded === null) return []
    return [
      {
        s,
        k: s.current,
        from: folded.from,
        to: s.ring.n,
        carried: folded.carried,
        was: folded.before,
        touched: [...folded.touched].map((name) => s.sets.topics.find(name)).filter((t) => t >= 0),
        wanted: folded.predicted && own ? s.ring.find(own.event_hash) : -1,
        means: folded.predicted ? folded.means : null,
      },
    ]
  })
  await serve(stretches, service, inForce(meta).params.rapid)
}

/** Moves what is beyond the limits into the checkpoints, which the served models learn, too. */
async function trimAll({ ring, servers }: Parts, states: readonly ScoreState[], meta: ScoreMeta): Promise<void> {
  if (!states.some((s) => beyondLimits(s, ring) > 0)) return
  const { params, served } = inForce(meta)
  const over = await learnBases(states, (s) => beyondLimits(s, ring), params, await inService(served, servers))
  for (const { s, count } of over) evictLearned(s, count)
}

/** The checkpoints learn what is beyond the limits, which is then to be evicted. */
async function learnBases(
  states: readonly ScoreState[],
  excess: (s: ScoreState) => number,
  params: ParamSet,
  service: readonly InService[],
): Promise<{ s: ScoreState; count: number }[]> {
  const over = states.map((s) => ({ s, count: excess(s) })).filter(({ count }) => count > 0)
  const bases = over.map(({ s, count }): Stretch => {
    const carried = s.base?.served ?? []
    const k = learnBase(s, count, params)
    return { s, k, from: 0, to: count, carried, was: null, touched: [], wanted: -1, means: null }
  })
  await serve(bases, service, params.rapid)
  return over
}

/**
 * Lets the served models speak on states that were folded from whole histories with nothing evicted, and cuts these to
 * the limits: what the stage would hold had every record come in time.
 */
export async function serveFolded(
  states: readonly ScoreState[],
  ring: RingLimits,
  meta: ScoreMeta,
  servers: ServerSource | undefined,
): Promise<void> {
  const { params, served } = inForce(meta)
  const service = await inService(served, servers)
  const over = await learnBases(states, (s) => beyondLimits(s, ring, 0), params, service)
  if (service.length > 0) {
    // Before anything is evicted: models that look back need what lies before.
    const learned = new Map(over.map(({ s, count }) => [s, count]))
    const all = states.map((s): Stretch => {
      const carried = s.base?.served ?? []
      if (s.base !== null) snapsOf(s.base, s.current)
      const from = learned.get(s) ?? 0
      return { s, k: s.current, from, to: s.ring.n, carried, was: null, touched: [], wanted: -1, means: null }
    })
    await serve(all, service, params.rapid)
  }
  for (const { s, count } of over) evictLearned(s, count)
}
