import type { FitRun } from '../../evaluation/learner.ts'
import { pack, unpack } from './packed.ts'

const LEARNER = 'unfinished'

interface Place {
  model: string
  learner: string
  seed: number
  answers: number
  students: number
  /** Settings and data: what was kept of others is not used. */
  identity: string
}

/**
 * A fit as units in a fixed order, each of which gives bytes. After each the checkpoint is kept, so that a fit that was
 * killed takes the units from there that it had done, and ends with the same bytes as one that was not.
 */
export class Units {
  private readonly run: FitRun
  private readonly place: Place
  private readonly done: Uint8Array[]
  private next = 0

  private constructor(run: FitRun, place: Place, done: Uint8Array[]) {
    this.run = run
    this.place = place
    this.done = done
  }

  /** @param identity changes with whatever changes a unit's bytes */
  static async open(run: FitRun, identity: string): Promise<Units> {
    const place: Place = { model: LEARNER, learner: LEARNER, seed: run.seed, answers: 0, students: 0, identity }
    const bytes = (await run.checkpoint?.load()) ?? null
    return new Units(run, place, bytes === null ? [] : kept(bytes, identity))
  }

  /** Bytes of the next unit, made by `make` where they are not kept; `fresh` says which. */
  async unit(make: () => Promise<Uint8Array> | Uint8Array): Promise<{ bytes: Uint8Array; fresh: boolean }> {
    const at = this.next++
    const before = this.done[at]
    if (before !== undefined) return { bytes: before, fresh: false }
    const bytes = await make()
    this.done.push(bytes)
    await this.run.checkpoint?.save(pack(this.place, this.done))
    return { bytes, fresh: true }
  }
}

function kept(bytes: Uint8Array, identity: string): Uint8Array[] {
  try {
    const { json, held } = unpack<Place>(LEARNER, bytes, null, () => {})
    return json.identity === identity ? held : []
  } catch {
    // Another learner's, or of an earlier build: the fit begins anew.
    return []
  }
}
