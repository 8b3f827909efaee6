import { FencedError } from '@mastery/topology/ports/failure.ts'
import {
  type Claim,
  type CommitResult,
  type Fence,
  type StateCommit,
  type StateScope,
  type StateStore,
  scopeId,
} from '@mastery/topology/ports/state-store.ts'
import type { Environment } from './environment.ts'
import type { EmbeddedLog } from './log.ts'

interface Stored {
  epoch: number
  nextOffset: number
  meta: Uint8Array | null
}

function pack(s: Stored): Buffer {
  const meta = s.meta ?? new Uint8Array(0)
  const buf = Buffer.allocUnsafe(17 + meta.length)
  buf.writeDoubleLE(s.epoch, 0)
  buf.writeDoubleLE(s.nextOffset, 8)
  buf[16] = s.meta ? 1 : 0
  buf.set(meta, 17)
  return buf
}

function unpack(buf: Buffer | undefined): Stored {
  if (!buf) return { epoch: 0, nextOffset: 0, meta: null }
  return {
    epoch: buf.readDoubleLE(0),
    nextOffset: buf.readDoubleLE(8),
    meta: buf[16] === 1 ? Buffer.from(buf.subarray(17)) : null,
  }
}

/** Keys of a scope: from its id and a zero byte up to the same with a one. */
function rangeOf(scope: StateScope): { start: Buffer; end: Buffer } {
  const start = Buffer.from(`${scopeId(scope)}\u0000`)
  const end = Buffer.from(start)
  end[end.length - 1] = 1
  return { start, end }
}

/** State in the log's own environment: state, offset and outputs appear in one transaction or not at all. */
export class EmbeddedState implements StateStore {
  readonly carriesOutputs = true
  private readonly env: Environment
  private readonly log: EmbeddedLog

  constructor(env: Environment, log: EmbeddedLog) {
    this.env = env
    this.log = log
  }

  async claim(scope: StateScope): Promise<Claim> {
    return this.env.root.transactionSync(() => {
      const id = scopeId(scope)
      const stored = unpack(this.env.claims.get(id))
      stored.epoch += 1
      this.env.claims.putSync(id, pack(stored))
      return { epoch: stored.epoch, nextOffset: stored.nextOffset, meta: stored.meta }
    })
  }

  async load(scope: StateScope, keys: readonly string[], fence?: Fence): Promise<(Uint8Array | null)[]> {
    const id = scopeId(scope)
    if (fence) {
      const { epoch, nextOffset } = unpack(this.env.claims.get(id))
      if (epoch !== fence.epoch || nextOffset !== fence.nextOffset)
        throw new FencedError(`The state of ${id} in ${this.env.path} is held by another owner.`)
    }
    const prefix = `${id}\u0000`
    return keys.map((k) => {
      const v = this.env.state.get(Buffer.from(prefix + k))
      return v ? Buffer.from(v) : null
    })
  }

  async commit(scope: StateScope, c: StateCommit): Promise<CommitResult> {
    const id = scopeId(scope)
    const prefix = `${id}\u0000`
    const result = this.env.root.transactionSync((): CommitResult => {
      const stored = unpack(this.env.claims.get(id))
      if (stored.epoch !== c.epoch) return 'fenced'
      if (stored.nextOffset !== c.expectedOffset) return stored.nextOffset === c.nextOffset ? 'already' : 'fenced'
      for (const [key, bytes] of c.changes)
        this.env.state.putSync(Buffer.from(prefix + key), Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
      this.env.claims.putSync(id, pack({ epoch: c.epoch, nextOffset: c.nextOffset, meta: c.meta }))
      if (c.outputs.length > 0) this.log.appendInTransaction(c.outputs)
      return 'committed'
    })
    if (result === 'committed' && c.outputs.length > 0) this.log.announce(c.outputs)
    return result
  }

  async peek(scope: StateScope): Promise<{ nextOffset: number; meta: Uint8Array } | null> {
    const stored = unpack(this.env.claims.get(scopeId(scope)))
    return stored.meta ? { nextOffset: stored.nextOffset, meta: stored.meta } : null
  }

  async drop(scope: StateScope): Promise<void> {
    const { start, end } = rangeOf(scope)
    this.env.root.transactionSync(() => {
      for (const key of [...this.env.state.getKeys({ start, end })]) this.env.state.removeSync(Buffer.from(key))
      this.env.claims.removeSync(scopeId(scope))
    })
  }

  async *keys(scope: StateScope): AsyncIterable<string> {
    const { start, end } = rangeOf(scope)
    for (const key of this.env.state.getKeys({ start, end })) yield Buffer.from(key).toString('utf8', start.length)
  }

  async close(): Promise<void> {
    // The environment is closed by whoever opened it.
  }
}
