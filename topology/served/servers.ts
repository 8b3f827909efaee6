import { type ParameterSource, servedArtefact } from '../models/parameters.ts'
import type { ScoringEngine } from '../ports/tensor-runtime.ts'
import type { AnyServed, Server, Walk } from './served.ts'

/** Where servers of versions come from: this thread, or another one. */
export interface ServerSource {
  /**
   * @param key tells versions of one model apart
   * @throws ParametersNotLoaded, or an Error that says what of the artefact can't be read
   */
  of(model: AnyServed, key: number, payload: ParameterSource): Promise<Server>
  close(): Promise<void>
}

/** Servers of versions by their contents, opened once and kept: a partition that switches finds them ready. */
export class KeptServers implements ServerSource {
  private readonly open: (model: AnyServed, payload: ParameterSource) => Promise<Server>
  private readonly opened = new Map<string, Promise<Server>>()

  constructor(open: (model: AnyServed, payload: ParameterSource) => Promise<Server>) {
    this.open = open
  }

  of(model: AnyServed, key: number, payload: ParameterSource): Promise<Server> {
    const id = `${model.id}/${key}`
    let server = this.opened.get(id)
    if (server === undefined) {
      server = Promise.resolve().then(async () => inTurn(await this.open(model, payload)))
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

/** Servers in this thread. */
export class Servers extends KeptServers {
  constructor(engine: () => Promise<ScoringEngine>) {
    super((model, payload) => model.open(servedArtefact(model, payload), engine))
  }
}

/** Partitions score side by side; a server takes one walk at a time. */
function inTurn(server: Server): Server {
  let turn: Promise<unknown> = Promise.resolve()
  return {
    walk(walks: readonly Walk[]) {
      const mine = turn.then(() => server.walk(walks))
      turn = mine.catch(() => {})
      return mine
    },
    close: () => server.close(),
  }
}
