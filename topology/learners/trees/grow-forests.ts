import type { TrainingPoint } from '../../evaluation/learner.ts'
import { binned } from './bins.ts'
import { boost } from './boost.ts'
import type { Columns, Forest } from './forest.ts'
import { pack, unpack } from './packed.ts'
import type { StackFit, StackOptions } from './stack-fit.ts'

/**
 * Each fold's forests learn from the other folds and end where this fold's loss is least.
 * @param target and `weight` as in `boost`
 * @returns the forests, and in `trees` what those of a row's own fold say of it, in logits
 */
export async function growForests(
  x: Columns,
  fold: Uint8Array,
  target: Uint8Array | Float64Array,
  o: StackOptions,
  fit: StackFit,
  weight?: Float64Array,
): Promise<{ forests: Forest[]; trees: Float64Array }> {
  const { run, folds, units } = fit
  const data = binned(x)
  const forests: Forest[] = []
  const trees = new Float64Array(fold.length)
  for (let stream = 0; stream < folds * o.perFold; stream++) {
    const k = stream % folds
    run.signal?.throwIfAborted()
    const { bytes } = await units.unit(() => {
      const curve: TrainingPoint[] = []
      const options = {
        seed: run.seed,
        stream,
        ...(run.signal ? { signal: run.signal } : {}),
        onTree: (n: number, loss: number) => {
          if (n % 10 !== 0) return
          fit.told(`trees of fold ${k + 1}`, loss, n / o.rounds)
          if (folds > 1)
            curve.push({ series: `forest ${stream + 1}, students of fold ${k + 1}`, unit: 'trees', at: n, loss })
        },
      }
      const grown = boost(data, target, (r) => folds > 1 && fold[r] === k, o, options, weight)
      return encodeGrown({ forest: grown.forest, curve, logits: grown.logits.filter((_, r) => fold[r] === k) })
    })
    const grown = decodeGrown(bytes)
    for (const point of grown.curve) run.curve?.(point)
    fit.step()
    forests.push(grown.forest)
    let from = 0
    for (let r = 0; r < fold.length; r++) if (fold[r] === k) trees[r]! += grown.logits[from++]! / o.perFold
  }
  return { forests, trees }
}

/** One forest with what it says of its own fold's rows, in logits. */
interface Grown {
  forest: Forest
  curve: TrainingPoint[]
  logits: Float64Array
}

const GROWN = { model: 'forest', learner: 'forest', seed: 0, answers: 0, students: 0 }

function encodeGrown({ logits, ...json }: Grown): Uint8Array {
  return pack({ ...GROWN, ...json }, [new Uint8Array(logits.buffer, logits.byteOffset, logits.byteLength)])
}

function decodeGrown(bytes: Uint8Array): Grown {
  const { json, held } = unpack<typeof GROWN & Omit<Grown, 'logits'>>(GROWN.learner, bytes, 1, () => {})
  const copy = Uint8Array.from(held[0]!)
  return { forest: json.forest, curve: json.curve, logits: new Float64Array(copy.buffer) }
}
