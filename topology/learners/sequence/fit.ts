import type { AnswerLog } from '../../evaluation/answer-log.ts'
import type { FitRun } from '../../evaluation/learner.ts'
import { EngineLostError, type TensorRuntime, type Trainer, type Weights } from '../../ports/tensor-runtime.ts'
import { Random } from '../../school/random.ts'
import { decodeBundle, encodeBundle } from '../../tensors/bundle.ts'
import type { Encoded, SequenceNetwork } from './network.ts'

export interface TrainingSettings {
  /** Passes over the training students at most. */
  epochs: number
  rate: number
  /** The rate is multiplied by it after each epoch. */
  decay: number
  /** Epochs without a better validation loss before it ends. */
  patience: number
  /** Share of the students who are kept for validation. */
  validation: number
  clip: number
}

/** Mean log loss, natural logarithm, on the students trained on (with dropout, while training) and on the others. */
export interface CurvePoint {
  epoch: number
  train: number
  validation: number
}

export interface Trained {
  weights: Weights
  curve: CurvePoint[]
}

interface Place {
  curve: CurvePoint[]
  best: Weights
  state: Weights
}

const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
/** An epoch that a lost engine interrupted is tried this often. */
const TRIES = 3

/**
 * Gradient descent with early stopping on students who are not trained on; gives the weights of the best epoch. After
 * each epoch its place is kept in the checkpoint, from which the same bits come out as without a break. `identity`
 * names settings and data: a checkpoint of another identity is not used.
 */
export async function fitSequences(
  network: SequenceNetwork,
  data: Encoded,
  runtime: TensorRuntime,
  settings: TrainingSettings,
  run: FitRun,
  identity: string,
): Promise<Trained> {
  const { train, validation } = split(data.log, settings.validation, run.seed)
  const initial = network.initial(new Random(run.seed, 1), data, train)
  let place: Place = (await resumed(run, identity)) ?? { curve: [], best: initial, state: initial }
  for (const point of place.curve) tell(run, point)
  const rows = rowsOf(data.log, train)
  let lost = 0
  while (place.curve.length < settings.epochs && !stale(place.curve, settings.patience)) {
    const epoch = place.curve.length
    let rate = settings.rate
    for (let i = 0; i < epoch; i++) rate *= settings.decay
    const trainer = await runtime.trainer(place.state, { ...ADAM, rate, clip: settings.clip })
    try {
      const losses = await oneEpoch(network, data, trainer, train, validation, epoch, rate, run, rows, settings.epochs)
      const curve = [...place.curve, { epoch, ...losses }]
      const state = await trainer.state()
      const better = curve.every((p) => p.epoch === epoch || p.validation > losses.validation)
      place = { curve, state, best: better ? weightsOf(state) : place.best }
      tell(run, { epoch, ...losses })
    } catch (error) {
      if (!(error instanceof EngineLostError) || ++lost >= TRIES) throw error
      continue
    } finally {
      trainer.close()
    }
    await run.checkpoint?.save(encodePlace(place, identity))
  }
  return { weights: place.best, curve: place.curve }
}

function tell(run: FitRun, { epoch, train, validation }: CurvePoint): void {
  const at = { unit: 'epochs', at: epoch + 1 }
  run.curve?.({ series: 'students trained on', ...at, loss: train })
  run.curve?.({ series: 'students kept for stopping', ...at, loss: validation })
}

async function oneEpoch(
  network: SequenceNetwork,
  data: Encoded,
  trainer: Trainer,
  train: readonly number[],
  validation: readonly number[],
  epoch: number,
  rate: number,
  run: FitRun,
  rows: number,
  epochs: number,
): Promise<{ train: number; validation: number }> {
  const logits = new Float64Array(data.log.size)
  let done = 0
  await network.pass(
    data,
    train,
    new Random(run.seed, 2 + epoch),
    async (program, feeds) => {
      run.signal?.throwIfAborted()
      const out = await trainer.step(program, feeds, rate)
      if (!Number.isFinite(out['loss']![0]!))
        throw new Error(`The loss is ${out['loss']![0]} in epoch ${epoch + 1}: lower the rate.`)
      for (const c of feeds['counts'] ?? []) done += c
      run.progress?.({ phase: 'train', done: epoch * rows + done, total: epochs * rows, loss: out['loss']![0]! })
      return out
    },
    logits,
  )
  const trained = meanLoss(data.log, train, logits)
  await network.pass(data, validation, null, (program, feeds) => trainer.look(program, feeds), logits)
  return { train: trained, validation: meanLoss(data.log, validation, logits) }
}

/** True when the last `patience` epochs brought nothing better. */
function stale(curve: readonly CurvePoint[], patience: number): boolean {
  let best = 0
  curve.forEach((p, i) => {
    if (p.validation < curve[best]!.validation) best = i
  })
  return curve.length - 1 - best >= patience
}

/** Students with rows, divided by a shuffle of the seed. One student alone is both learned from and validated on. */
export function split(log: AnswerLog, share: number, seed: number): { train: number[]; validation: number[] } {
  const random = new Random(seed, 0)
  const present = [...new Set(log.student)]
  for (let i = present.length - 1; i > 0; i--) {
    const j = Math.floor(random.uniform() * (i + 1))
    ;[present[i], present[j]] = [present[j]!, present[i]!]
  }
  if (present.length < 2) return { train: present, validation: present }
  const kept = Math.min(present.length - 1, Math.max(1, Math.round(share * present.length)))
  const order = (xs: number[]) => xs.sort((a, b) => a - b)
  return { validation: order(present.slice(0, kept)), train: order(present.slice(kept)) }
}

function rowsOf(log: AnswerLog, students: readonly number[]): number {
  const wanted = new Set(students)
  let rows = 0
  for (const s of log.student) if (wanted.has(s)) rows++
  return rows
}

function meanLoss(log: AnswerLog, students: readonly number[], logits: Float64Array): number {
  const wanted = new Set(students)
  let sum = 0
  let rows = 0
  for (let r = 0; r < log.size; r++) {
    if (!wanted.has(log.student[r]!)) continue
    const l = log.correct[r] === 1 ? logits[r]! : -logits[r]!
    sum += Math.max(0, -l) + Math.log1p(Math.exp(-Math.abs(l)))
    rows++
  }
  return sum / rows
}

const weightsOf = (state: Weights): Weights => new Map([...state].filter(([name]) => !name.startsWith('adam/')))

function encodePlace(place: Place, identity: string): Uint8Array {
  const prefixed = (prefix: string, w: Weights) => [...w].map(([n, v]) => [prefix + n, v] as const)
  const weights = new Map([...prefixed('best/', place.best), ...prefixed('state/', place.state)])
  return encodeBundle({ format: 'training-place/1', identity, curve: place.curve }, weights)
}

/** Null for a checkpoint of other settings or data, too. */
async function resumed(run: FitRun, identity: string): Promise<Place | null> {
  const bytes = (await run.checkpoint?.load()) ?? null
  if (bytes === null) return null
  const { manifest, weights } = decodeBundle(bytes)
  const kept = manifest as { format?: string; identity?: string; curve?: CurvePoint[] }
  if (kept.format !== 'training-place/1' || kept.identity !== identity || kept.curve === undefined) return null
  const under = (prefix: string): Weights =>
    new Map([...weights].filter(([n]) => n.startsWith(prefix)).map(([n, v]) => [n.slice(prefix.length), v]))
  return { curve: kept.curve, best: under('best/'), state: under('state/') }
}
