import { type DktArtefact, DKT as KIND } from '../learners/dkt/learner.ts'
import { DktServing } from '../learners/dkt/serving.ts'
import { parseSequence } from '../learners/sequence/learner.ts'
import { abreast } from './abreast.ts'
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
    const { serving, kinds } = this
    const size = serving.stateSize
    const states: Float32Array[] = walks.map((w) =>
      w.state === null ? new Float32Array(size) : Float32Array.from(w.state),
    )
    await abreast(walks, {
      async ask(of) {
        const asked = Int32Array.from(of, ({ walk, ask }) => kinds.ofAsk(walks[walk]!.of, ask))
        const known = of.flatMap(({ ask }, i) => {
          ask.p = UNKNOWN
          return asked[i] === 0 ? [] : [i]
        })
        if (known.length === 0) return
        const before = packed(
          states,
          known.map((i) => of[i]!.walk),
          size,
        )
        const logits = await serving.ask(
          before,
          Int32Array.from(known, (i) => asked[i]!),
        )
        known.forEach((i, k) => {
          of[i]!.ask.p = 1 / (1 + Math.exp(-logits[k]!))
        })
      },
      async learn(of) {
        const asked = Int32Array.from(of, ({ walk, opportunity }) => kinds.of(walks[walk]!.of, opportunity))
        const right = Uint8Array.from(of, ({ walk, opportunity }) => (isRight(walks[walk]!.of, opportunity) ? 1 : 0))
        const before = packed(
          states,
          of.map((x) => x.walk),
          size,
        )
        const { states: after } = await serving.learn(before, asked, right)
        of.forEach(({ walk }, i) => {
          states[walk] = after.subarray(i * size, (i + 1) * size)
        })
      },
      state: (walk) => Float64Array.from(states[walk]!),
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

export const DKT: ServedModel<DktArtefact> = {
  id: 'dkt',
  about: KIND.about,
  sees: 'read as a sequence by a recurrent network',
  tolerance: 1e-4,
  without: NOT_SERVED,
  carries: true,
  parse: (bytes) => parseSequence(KIND, bytes),
  looksBack: () => 0,
  open: async (artefact, engine) => new DktServer(await DktServing.open(await engine(), artefact, BATCH), artefact),
}
