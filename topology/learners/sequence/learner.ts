import type { AnswerLog } from '../../evaluation/answer-log.ts'
import type { FitRun, Learner } from '../../evaluation/learner.ts'
import type { TensorRuntime, Weights } from '../../ports/tensor-runtime.ts'
import { decodeBundle, encodeBundle } from '../../tensors/bundle.ts'
import { type CurvePoint, fitSequences, type TrainingSettings } from './fit.ts'
import type { Compute, Encoded, SequenceNetwork } from './network.ts'
import { kindRows, kindsOf, type Vocabulary, vocabularyOf } from './vocabulary.ts'

/** A trained network with all that it needs to be applied to other answers. */
export interface SequenceArtefact<S> {
  settings: S
  training: TrainingSettings
  vocabulary: Vocabulary
  /** Answers it was trained on, those of the validating students included. */
  answers: number
  curve: readonly CurvePoint[]
  weights: Weights
}

export interface SequenceKind<S> {
  id: string
  about: string
  settings: S
  training: TrainingSettings
  /** Settings that depend on the training answers; they become part of the artefact. */
  prepare?(settings: S, train: AnswerLog): S
  network(settings: S, vocabulary: Vocabulary, answers: number): SequenceNetwork
}

/** Beyond it a probability is 0 or 1 in doubles, and its log loss infinite. */
const SURE = 30

/** A network over sequences as a learner that computes on `runtime`. */
export function sequenceLearner<S>(
  kind: SequenceKind<S>,
  runtime: () => Promise<TensorRuntime>,
): Learner<SequenceArtefact<S>> {
  const format = formatOf(kind)
  return {
    id: kind.id,
    about: kind.about,
    async fit(train, run) {
      const vocabulary = vocabularyOf(train)
      const { training } = kind
      const settings = kind.prepare?.(kind.settings, train) ?? kind.settings
      const network = kind.network(settings, vocabulary, train.size)
      const data = encodeLog(vocabulary, train)
      const identity = JSON.stringify([format, settings, training, run.seed, fingerprint(data)])
      const { weights, curve } = await fitSequences(network, data, await runtime(), training, run, identity)
      return { settings, training, vocabulary, answers: train.size, curve, weights }
    },
    async predict(artefact, log, run) {
      const network = kind.network(artefact.settings, artefact.vocabulary, artefact.answers)
      const logits = await logitsOf(network, artefact, await runtime(), log, run)
      return logits.map((l) => 1 / (1 + Math.exp(-Math.max(-SURE, Math.min(SURE, l)))))
    },
    encode: ({ weights, ...rest }) => encodeBundle({ format, ...rest }, weights),
    parse: (bytes) => parseSequence(kind, bytes),
  }
}

const formatOf = (kind: { id: string }) => `${kind.id}/1`

/** @throws Error that says what of the bytes does not fit */
export function parseSequence<S>(kind: SequenceKind<S>, bytes: Uint8Array): SequenceArtefact<S> {
  const format = formatOf(kind)
  const { manifest, weights } = decodeBundle(bytes)
  const { format: found, ...rest } = manifest as { format: string } & Omit<SequenceArtefact<S>, 'weights'>
  if (found !== format) throw new Error(`These weights are of "${found}"; "${format}" reads them not.`)
  return { ...rest, weights }
}

export function encodeLog(vocabulary: Vocabulary, log: AnswerLog): Encoded {
  return { log, kinds: kindsOf(vocabulary, log), rows: kindRows(vocabulary) }
}

/** Logit of a right answer per row, from the rows of earlier bundles. */
export async function logitsOf(
  network: SequenceNetwork,
  artefact: Pick<SequenceArtefact<unknown>, 'weights' | 'vocabulary'>,
  runtime: TensorRuntime,
  log: AnswerLog,
  run: Pick<FitRun, 'signal'>,
): Promise<Float64Array> {
  const trainer = await runtime.trainer(artefact.weights, { rate: 0, beta1: 0, beta2: 0, epsilon: 1, clip: 1 })
  const logits = new Float64Array(log.size)
  try {
    const data = encodeLog(artefact.vocabulary, log)
    const look: Compute = (program, feeds) => {
      run.signal?.throwIfAborted()
      return trainer.look(program, feeds)
    }
    await network.pass(data, [...new Set(log.student)], null, look, logits)
  } finally {
    trainer.close()
  }
  return logits
}

/** Changes with any answer, its order, its kind or its bundle (FNV-1a over the columns). */
function fingerprint(data: Encoded): number {
  let hash = 0x811c9dc5
  const { log } = data
  for (let r = 0; r < log.size; r++)
    for (const word of [log.student[r]!, data.kinds[r]!, log.bundle[r]!, log.correct[r]!])
      hash = Math.imul(hash ^ word, 0x01000193)
  return hash >>> 0
}
