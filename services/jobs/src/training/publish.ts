import { createHash } from 'node:crypto'
import { modelCard } from '@mastery/topology/evaluation/card/card.ts'
import { learnerOf } from '@mastery/topology/evaluation/card/described.ts'
import { weekCard } from '@mastery/topology/evaluation/card/week-card.ts'
import type { Evaluation } from '@mastery/topology/evaluation/evaluation.ts'
import type { TrainingPoint } from '@mastery/topology/evaluation/learner.ts'
import { reportHtml } from '@mastery/topology/evaluation/report/report.ts'
import type { WeekEvaluation } from '@mastery/topology/evaluation/week/evaluation.ts'
import type { ArtefactStore, Manifest } from '@mastery/topology/ports/artefact-store.ts'

/** Files of a version. The stream reads the first one alone. */
export const PARAMETERS = 'parameters.json'
export const CARD = 'CARD.md'
export const EVALUATION = 'evaluation.json'
export const REPORT = 'report.html'
/** What drift compares the version's first weeks in the stream with. */
export const DRIFT_REFERENCE = 'drift-reference.json'
export const LEARNING_CURVE = 'learning-curve.json'

export interface Draft {
  manifest: Omit<Manifest, 'files' | 'version'>
  about: string
  bytes: Uint8Array
  evaluation: Evaluation | WeekEvaluation
  /** Points of the learning curve, where the evaluation does not hold them. */
  training?: readonly TrainingPoint[]
  /** Text of the drift reference; null where there is none. */
  reference?: string | null
}

/**
 * Keeps a fit as a version with its evaluation, report, learning curve and card. What was fitted to the same bytes on the
 * same answers, to replace the same version or that very one, is there already: then nothing is written.
 */
export async function publishVersion(store: ArtefactStore, draft: Draft): Promise<Manifest> {
  const { manifest: m, evaluation, bytes } = draft
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const known = await store.list(m.model)
  const same = known.find(
    (k) =>
      (k.parent === m.parent || k.version === m.parent) &&
      learnerOf(k) === learnerOf(m) &&
      k.training.data_sha256 === m.training.data_sha256 &&
      k.files.some((f) => f.name === PARAMETERS && f.sha256 === sha256),
  )
  if (same) return same
  const manifest = { ...m, version: freeName(m.created_at, sha256, known) }
  const text = (t: string) => Buffer.from(t)
  const week = 'target' in evaluation ? evaluation : null
  const training = draft.training ?? (week ? [] : (evaluation as Evaluation).models[learnerOf(m)]?.training) ?? []
  return store.publish(
    manifest,
    new Map([
      [PARAMETERS, bytes],
      [EVALUATION, text(`${JSON.stringify(evaluation)}\n`)],
      ...(week
        ? ([[CARD, text(weekCard({ manifest, about: draft.about, evaluation: week }))]] as const)
        : nextFiles(manifest, draft.about, evaluation as Evaluation)),
      ...(draft.reference ? ([[DRIFT_REFERENCE, text(draft.reference)]] as const) : []),
      ...(training.length > 0 ? ([[LEARNING_CURVE, text(`${JSON.stringify(training)}\n`)]] as const) : []),
    ]),
  )
}

function nextFiles(manifest: Omit<Manifest, 'files'>, about: string, evaluation: Evaluation) {
  return [
    [CARD, Buffer.from(modelCard({ manifest, about, evaluation }))],
    [REPORT, Buffer.from(reportHtml(evaluation))],
  ] as const
}

/** The day and the parameters' hash; with a number where that name is taken, by the same parameters of another fit. */
export function freeName(createdAt: number, sha256: string, known: readonly Manifest[]): string {
  const taken = new Set(known.map((k) => k.version))
  const name = `${new Date(createdAt).toISOString().slice(0, 10)}.${sha256.slice(0, 10)}`
  for (let i = 1; ; i++) {
    const numbered = i === 1 ? name : `${name}-${i}`
    if (!taken.has(numbered)) return numbered
  }
}
