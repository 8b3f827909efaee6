import { parseSequence } from '../learners/sequence/learner.ts'
import { type Feature, normalised } from '../learners/wd-irt/features.ts'
import { WD_IRT as KIND, type WdIrtArtefact } from '../learners/wd-irt/learner.ts'
import { Pools } from '../learners/wd-irt/pools.ts'
import { WdIrtServing } from '../learners/wd-irt/serving.ts'
import { abreast } from './abreast.ts'
import { askKnown, KindsByHash } from './kinds.ts'
import { isRight, NOT_SERVED, type Opportunities, type ServedModel, type Server, type Walk } from './served.ts'

const BATCH = 64

/** Columns of answer logs that the stream has of every opportunity; NaN where unknown. */
const COLUMNS: Readonly<Record<string, (o: Opportunities, i: number) => number>> = {
  response_ms: (o, i) => (o.response[i]! < 0 ? Number.NaN : o.response[i]!),
  hints: (o, i) => o.hints[i]!,
}

class WdIrtServer implements Server {
  private readonly serving: WdIrtServing
  private readonly settings: WdIrtArtefact['settings']
  private readonly kinds: KindsByHash

  constructor(serving: WdIrtServing, artefact: WdIrtArtefact) {
    this.serving = serving
    this.settings = artefact.settings
    this.kinds = new KindsByHash(artefact.vocabulary)
  }

  async walk(walks: readonly Walk[]): Promise<void> {
    const { serving, kinds } = this
    const { pools, said, features } = this.settings
    const states = walks.map((w) => (w.state === null ? serving.newcomer() : Pools.of(pools, said, w.state)))
    await abreast(walks, {
      ask: (of) =>
        askKnown(
          kinds,
          walks,
          of,
          async (known, asked) =>
            (
              await serving.ask(
                known.map((x) => states[x.walk]!),
                asked,
              )
            ).logits,
        ),
      async learn(of) {
        const known = new Float32Array(of.length * 2 * features.length)
        of.forEach(({ walk, opportunity }, i) => {
          describe(features, walks[walk]!.of, opportunity, known, i * 2 * features.length)
        })
        await serving.learn(
          of.map((x) => states[x.walk]!),
          Int32Array.from(of, ({ walk, opportunity }) => kinds.of(walks[walk]!.of, opportunity)),
          Uint8Array.from(of, ({ walk, opportunity }) => (isRight(walks[walk]!.of, opportunity) ? 1 : 0)),
          known,
        )
      },
      state: (walk) => states[walk]!.numbers(),
    })
  }

  close(): void {
    this.serving.close()
  }
}

function describe(features: readonly Feature[], o: Opportunities, i: number, out: Float32Array, at: number): void {
  features.forEach((f, k) => {
    normalised(f, COLUMNS[f.column]!(o, i), out, at + 2 * k)
  })
}

export const WD_IRT: ServedModel<WdIrtArtefact> = {
  id: 'wd-irt',
  about: KIND.about,
  sees: 'set against the items, with how fast and with how much help they came',
  tolerance: 1e-4,
  without: NOT_SERVED,
  carries: true,
  parse(bytes) {
    const artefact = parseSequence(KIND, bytes)
    const missing = artefact.settings.features.map((f) => f.column).filter((c) => !Object.hasOwn(COLUMNS, c))
    if (missing.length > 0)
      throw new Error(
        `It was trained on ${missing.join(', ')}, which the stream does not have of an answer; train it on what gold has ("npx mastery train --models wd-irt").`,
      )
    return artefact
  },
  looksBack: () => 0,
  open: async (artefact, engine) => new WdIrtServer(await WdIrtServing.open(await engine(), artefact, BATCH), artefact),
}
