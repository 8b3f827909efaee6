import { type DktArtefact, DKT as KIND } from '../learners/dkt/learner.ts'
import { DktServing } from '../learners/dkt/serving.ts'
import { parseSequence } from '../learners/sequence/learner.ts'
import { abreast } from './abreast.ts'
import { askKnown, KindsByHash } from './kinds.ts'
import { isRight, NOT_SERVED, type ServedModel, type Server, type Walk } from './served.ts'

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
      ask: (of) =>
        askKnown(kinds, walks, of, (known, asked) =>
          serving.ask(
            packed(
              states,
              known.map((x) => x.walk),
              size,
            ),
            asked,
          ),
        ),
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
