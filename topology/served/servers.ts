import { type ParameterSource, servedArtefact } from '../models/parameters.ts'
import type { ScoringEngine } from '../ports/tensor-runtime.ts'
import type { AnyServed, Server } from './served.ts'

/** Servers of versions by their contents, opened once and kept: a partition that switches finds them ready. */
export class Servers {
  private readonly engine: () => Promise<ScoringEngine>
  private readonly opened = new Map<string, Promise<Server>>()

  constructor(engine: () => Promise<ScoringEngine>) {
    this.engine = engine
  }

  /**
   * @param key tells versions of one model apart
   * @throws ParametersNotLoaded, or an Error that says what of the artefact can't be read
   */
  of(model: AnyServed, key: number, payload: ParameterSource): Promise<Server> {
    const id = `${model.id}/${key}`
    let server = this.opened.get(id)
    if (server === undefined) {
      server = Promise.resolve().then(() => model.open(servedArtefact(model, payload), this.engine))
      this.opened.set(id, server)
      server.catch(() => this.opened.delete(id))
    }
    return server
  }

  async close(): Promise<void> {
    for (const s of this.opened.values()) (await s.catch(() => null))?.close()
    this.opened.clear()
  }
}
