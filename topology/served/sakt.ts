import { SAKT as KIND, type SaktArtefact } from '../learners/sakt/learner.ts'
import { answerRow, SaktServing } from '../learners/sakt/serving.ts'
import { parseSequence } from '../learners/sequence/learner.ts'
import { KindsByHash } from './kinds.ts'
import { type Ask, isRight, NOT_SERVED, type ServedModel, type Server, UNKNOWN, type Walk } from './served.ts'

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
    const asks: Ask[] = []
    const past: Int32Array[] = []
    const kinds: number[] = []
    for (const w of walks) {
      w.state = null
      if (w.asks.length === 0) continue
      const first = Math.max(0, w.asks[0]!.after - this.serving.window)
      const rows = Int32Array.from({ length: w.asks.at(-1)!.after - first }, (_, i) =>
        answerRow(this.kinds.of(w.of, first + i), isRight(w.of, first + i)),
      )
      for (const a of w.asks) {
        const kind = this.kinds.ofAsk(w.of, a)
        a.p = UNKNOWN
        if (kind === 0) continue
        asks.push(a)
        kinds.push(kind)
        past.push(rows.subarray(0, a.after - first))
      }
    }
    if (asks.length === 0) return
    const logits = await this.serving.ask(past, Int32Array.from(kinds))
    asks.forEach((a, i) => {
      a.p = 1 / (1 + Math.exp(-logits[i]!))
    })
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
