import { type DktArtefact, DKT as KIND } from '../learners/dkt/learner.ts'
import { DktServing } from '../learners/dkt/serving.ts'
import { parseSequence } from '../learners/sequence/learner.ts'
import { KindsByHash } from './kinds.ts'
import { isRight, NOT_SERVED, type ServedModel, type Server, UNKNOWN, type Walk } from './served.ts'

const BATCH = 64

/** All walks abreast: step by step, each step one batch over all students. */
class DktServer implements Server {
  private readonly serving: DktServing
  private readonly kinds: KindsByHash

  constructor(serving: DktServing, artefact: DktArtefact) {
    this.serving = serving
    this.kinds = new KindsByHash(artefact.vocabulary)
  }

  async walk(walks: readonly Walk[]): Promise<void> {
    const size = this.serving.stateSize
    const states: Float32Array[] = walks.map((w) =>
      w.state === null ? new Float32Array(size) : Float32Array.from(w.state),
    )
    const asked = walks.map(() => 0)
    const longest = walks.reduce((most, w) => Math.max(most, w.to - w.from), 0)
    for (let step = 0; step <= longest; step++) {
      await this.ask(walks, states, asked, step)
      const learning = walks.flatMap((w, i) => (w.from + step < w.to ? [i] : []))
      if (learning.length === 0) continue
      const kinds = Int32Array.from(learning, (i) => this.kinds.of(walks[i]!.of, walks[i]!.from + step))
      const right = Uint8Array.from(learning, (i) => (isRight(walks[i]!.of, walks[i]!.from + step) ? 1 : 0))
      const { states: after } = await this.serving.learn(packed(states, learning, size), kinds, right)
      learning.forEach((i, at) => {
        const w = walks[i]!
        const state = after.subarray(at * size, (at + 1) * size)
        states[i] = state
        const place = w.from + step + 1
        if (w.keep[w.kept.length] === place) w.kept.push({ place, state: Float64Array.from(state) })
      })
    }
    walks.forEach((w, i) => {
      w.state = Float64Array.from(states[i]!)
    })
  }

  private async ask(
    walks: readonly Walk[],
    states: readonly Float32Array[],
    asked: number[],
    step: number,
  ): Promise<void> {
    const of: number[] = []
    const kinds: number[] = []
    const tell: ((p: number) => void)[] = []
    walks.forEach((w, i) => {
      for (; asked[i]! < w.asks.length && w.asks[asked[i]!]!.after - w.from <= step; asked[i]!++) {
        const a = w.asks[asked[i]!]!
        const kind = this.kinds.ofAsk(w.of, a)
        if (kind === 0) {
          a.p = UNKNOWN
          continue
        }
        of.push(i)
        kinds.push(kind)
        tell.push((p) => {
          a.p = p
        })
      }
    })
    if (of.length === 0) return
    const logits = await this.serving.ask(packed(states, of, this.serving.stateSize), Int32Array.from(kinds))
    logits.forEach((z, k) => {
      tell[k]!(chance(z))
    })
  }

  close(): void {
    this.serving.close()
  }
}

function packed(states: readonly Float32Array[], of: readonly number[], size: number): Float32Array {
  const all = new Float32Array(of.length * size)
  of.forEach((i, at) => {
    all.set(states[i]!, at * size)
  })
  return all
}

const chance = (z: number): number => 1 / (1 + Math.exp(-z))

export const DKT: ServedModel<DktArtefact> = {
  id: 'dkt',
  about: KIND.about,
  sees: 'read as a sequence by a recurrent network',
  tolerance: 1e-4,
  without: NOT_SERVED,
  parse: (bytes) => parseSequence(KIND, bytes),
  looksBack: () => 0,
  open: async (artefact, engine) => new DktServer(await DktServing.open(await engine(), artefact, BATCH), artefact),
}
