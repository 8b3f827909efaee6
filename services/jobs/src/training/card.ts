import { modelCard } from '@mastery/topology/evaluation/card/card.ts'
import { learnerOf } from '@mastery/topology/evaluation/card/described.ts'
import { parseEvaluation } from '@mastery/topology/evaluation/evaluation.ts'
import type { ArtefactStore } from '@mastery/topology/ports/artefact-store.ts'
import { LEARNERS } from '../learners.ts'
import { EVALUATION } from './publish.ts'

/** The model card of a version, generated from what is kept with it. @throws ArtefactMissing, ArtefactDamaged */
export async function cardOf(store: ArtefactStore, model: string, version: string): Promise<string> {
  const { manifest, files } = await store.read(model, version)
  const kept = files.get(EVALUATION)
  const about =
    LEARNERS.find((l) => l.id === learnerOf(manifest))?.about ?? `Made by the learner ${learnerOf(manifest)}.`
  const evaluation = kept ? parseEvaluation(Buffer.from(kept).toString('utf8')) : null
  return modelCard({ manifest, about, evaluation })
}
