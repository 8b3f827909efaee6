import { SAKT as KIND, type SaktArtefact } from '../learners/sakt/learner.ts'
import { answerRow, SaktServing } from '../learners/sakt/serving.ts'
import { parseSequence } from '../learners/sequence/learner.ts'
import { askKnown, KindsByHash } from './kinds.ts'
import { type Ask, isRight, NOT_SERVED, type ServedModel, type Server, type Walk } from './served.ts'

const BATCH = 64

/** The last answers are the whole state, and they are at hand: nothing is carried. */
class SaktServer implements Server {
  private readonly serving: SaktServing
  private readonly kinds: KindsByHash

  constructor(serving: SaktServing, artefact: SaktArtefact) {
    this.serving = serving
    this.kinds = new KindsByHash(artefact.vocabulary)
  }

  async walk(walks: readonly Walk[]): Promise<void> {
    const asks: { walk: number; ask: Ask }[] = []
    const rows: Int32Array[] = []
    const first: number[] = []
    for (const [walk, w] of walks.entries()) {
      w.state = null
      const from = w.asks.length === 0 ? 0 : Math.max(0, w.asks[0]!.after - this.serving.window)
      const to = w.asks.at(-1)?.after ?? 0
      first.push(from)
      rows.push(
        Int32Array.from({ length: to - from }, (_, i) =>
          answerRow(this.kinds.of(w.of, from + i), isRight(w.of, from + i)),
        ),
      )
      for (const ask of w.asks) asks.push({ walk, ask })
    }
    await askKnown(this.kinds, walks, asks, (known, kinds) =>
      this.serving.ask(
        known.map(({ walk, ask }) => rows[walk]!.subarray(0, ask.after - first[walk]!)),
        kinds,
      ),
    )
  }

  close(): void {
    this.serving.close()
  }
}

export const SAKT: ServedModel<SaktArtefact> = {
  id: 'sakt',
  about: KIND.about,
  sees: 'compared with the past answers that matter for this topic',
  tolerance: 1e-4,
  without: NOT_SERVED,
  carries: false,
  parse: (bytes) => parseSequence(KIND, bytes),
  looksBack: ({ settings }) => settings.window,
  open: async (artefact, engine) => new SaktServer(await SaktServing.open(await engine(), artefact, BATCH), artefact),
}
