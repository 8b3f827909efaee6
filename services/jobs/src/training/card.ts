import { modelCard } from '@mastery/topology/evaluation/card/card.ts'
import { learnerOf } from '@mastery/topology/evaluation/card/described.ts'
import { weekCard } from '@mastery/topology/evaluation/card/week-card.ts'
import { parseEvaluation } from '@mastery/topology/evaluation/evaluation.ts'
import { weekEvaluationIn } from '@mastery/topology/evaluation/week/evaluation.ts'
import type { ArtefactStore } from '@mastery/topology/ports/artefact-store.ts'
import { TRAINED } from '../learners.ts'
import { EVALUATION } from './publish.ts'

/** The model card of a version, generated from what is kept with it. @throws ArtefactMissing, ArtefactDamaged */
export async function cardOf(store: ArtefactStore, model: string, version: string): Promise<string> {
  const { manifest, files } = await store.read(model, version)
  const kept = files.get(EVALUATION)
  const about =
    TRAINED.find((l) => l.id === learnerOf(manifest))?.about ?? `Made by the learner ${learnerOf(manifest)}.`
  const text = kept ? Buffer.from(kept).toString('utf8') : null
  const week = text === null ? null : weekEvaluationIn(text)
  if (week !== null) return weekCard({ manifest, about, evaluation: week })
  return modelCard({ manifest, about, evaluation: text === null ? null : parseEvaluation(text) })
}
