import type { AnswerLog } from '@mastery/topology/evaluation/answer-log.ts'
import { learnerOf } from '@mastery/topology/evaluation/card/described.ts'
import type { FitRun } from '@mastery/topology/evaluation/learner.ts'
import { foldOf } from '@mastery/topology/evaluation/split.ts'
import { foldLog } from '@mastery/topology/learners/fold.ts'
import { MODELS } from '@mastery/topology/models/catalog.ts'
import { ArtefactMissing, type ArtefactStore, type Manifest } from '@mastery/topology/ports/artefact-store.ts'
import { learnerNamed } from '../learners.ts'
import { PARAMETERS } from './publish.ts'
import type { InForce } from './versions.ts'

/** Which students a version was not fitted on, as far as it can be told by their names. */
export type Unseen = 'everybody' | 'nobody known' | { seed: number; folds: number }

/** A version that predicts, whatever made it; crosses threads. */
export interface Predictor {
  model: string
  version: string
  unseen: Unseen
  by:
    | { kind: 'artefact'; learner: string; bytes: Uint8Array }
    /** A folded model with its defaults, or with parameters that no artefact has. */
    | { kind: 'folded'; parameters: Uint8Array | null }
    /** The plain mean of predictors: what is served in the place of a trained model that is not in force. */
    | { kind: 'mean'; of: readonly Predictor[] }
}

/** A version that is kept. @throws ArtefactMissing, ArtefactDamaged */
export async function keptPredictor(store: ArtefactStore, model: string, version: string): Promise<Predictor> {
  const { manifest, files } = await store.read(model, version)
  const bytes = files.get(PARAMETERS)
  if (!bytes) throw new Error(`Version ${version} of ${model} has no ${PARAMETERS}; train it again.`)
  return { model, version, unseen: unseenBy(manifest), by: { kind: 'artefact', learner: learnerOf(manifest), bytes } }
}

/**
 * What the stream scores with in the place of a version of `model`: the version in force; or, of a trained model that is
 * not in force, the mean of the folded ones. Null where the stream does not serve the model.
 */
export async function servedPredictor(
  store: ArtefactStore,
  inForce: ReadonlyMap<string, InForce>,
  model: string,
): Promise<Predictor | null> {
  const v = inForce.get(model)
  if (v === undefined) return null
  if (v.parameters !== null || MODELS.some((m) => m.id === model)) return oneServed(store, v)
  const of = await Promise.all(MODELS.map((m) => oneServed(store, inForce.get(m.id)!)))
  const seen = of.map((p) => p.unseen).filter((u) => u !== 'everybody')
  const [first = 'everybody' as const] = seen
  const unseen = seen.every((u) => JSON.stringify(u) === JSON.stringify(first)) ? first : 'nobody known'
  return { model, version: v.version, unseen, by: { kind: 'mean', of } }
}

async function oneServed(store: ArtefactStore, v: InForce): Promise<Predictor> {
  try {
    return await keptPredictor(store, v.model, v.version)
  } catch (e) {
    if (!(e instanceof ArtefactMissing)) throw e
    const unseen: Unseen = v.parameters === null ? 'everybody' : 'nobody known'
    return { model: v.model, version: v.version, unseen, by: { kind: 'folded', parameters: v.parameters } }
  }
}

function unseenBy({ training, settings }: Manifest): Unseen {
  const { seed, folds } = settings
  // The students of files have other names than those of gold: who is who can't be told.
  if (!training.source.startsWith('gold') || typeof seed !== 'number' || typeof folds !== 'number')
    return 'nobody known'
  return { seed, folds }
}

/** Students of the log that neither of the versions was fitted on. */
export function unseenStudents(log: AnswerLog, all: readonly Unseen[]): (student: number) => boolean {
  const kept = log.students.map((name) =>
    all.every((u) => u === 'everybody' || (u !== 'nobody known' && foldOf(name, u.folds, u.seed) === 0)),
  )
  return (student) => kept[student]!
}

export async function predictWith({ model, by }: Predictor, log: AnswerLog, run: FitRun): Promise<Float64Array> {
  if (by.kind === 'artefact') {
    const learner = learnerNamed(by.learner)
    return learner.predict(learner.parse(by.bytes), log, run)
  }
  if (by.kind === 'mean') {
    const sum = new Float64Array(log.size)
    for (const part of by.of)
      (await predictWith(part, log, run)).forEach((p, r) => {
        sum[r]! += p / by.of.length
      })
    return sum
  }
  const folded = MODELS.find((m) => m.id === model)
  if (!folded) throw new Error(`${model} has no parameters but those of a version.`)
  const { parameters } = by
  const text = () => new TextDecoder('utf-8', { fatal: true }).decode(parameters!)
  return foldLog(folded, parameters === null ? folded.defaults : folded.parse(JSON.parse(text())), log)
}
