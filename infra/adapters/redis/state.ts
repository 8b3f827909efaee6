import { readFileSync } from 'node:fs'
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
import type { Redis } from 'ioredis'
import { connectRedis } from './connect.ts'
import { redisFailure } from './failure.ts'

export interface RedisOptions {
  /** redis:// or rediss:// with user, password and database where they are needed. */
  url: string
  /** Begins every key; without braces, which name the hash slot. */
  keyPrefix?: string
  /** How long one command may take, milliseconds. A commit of several megabytes takes tens of them. */
  commandTimeoutMs?: number
}

/** Scripts as ioredis adds them: loaded once, called by their hash, sent again where the server forgot them. */
interface Scripts {
  masteryClaimBuffer(claim: string, owner: string): Promise<[number, Buffer, Buffer | null]>
  masteryCommit(claim: string, states: string, ...args: (string | number | Buffer)[]): Promise<CommitResult>
}

const script = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8')

/** Fields asked for in one HMGET: a reply of some megabytes at most, so that other clients are not held up. */
const LOAD_CHUNK = 1_000

/** A view, not a copy. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/**
 * State in Redis: per scope one hash of states and one of epoch, offset and meta, in one hash slot, so that a commit
 * is one script. Scripts are guarded by epoch and offset: a command that the client sends again stores nothing twice.
 */
export class RedisState implements StateStore {
  readonly carriesOutputs = false
  private readonly redis: Redis & Scripts
  private readonly prefix: string
  private readonly where: string

  constructor(redis: Redis, prefix: string, where: string) {
    redis.defineCommand('masteryClaim', { numberOfKeys: 1, lua: script('claim.lua') })
    redis.defineCommand('masteryCommit', { numberOfKeys: 2, lua: script('commit.lua') })
    this.redis = redis as Redis & Scripts
    this.prefix = prefix
    this.where = where
  }

  private claimKey(scope: StateScope): string {
    return `${this.prefix}{${scopeId(scope)}}:claim`
  }

  private statesKey(scope: StateScope): string {
    return `${this.prefix}{${scopeId(scope)}}:states`
  }

  private async asking<T>(what: string, scope: StateScope, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (e) {
      throw redisFailure(e, `${what} ${scopeId(scope)}`, this.where)
    }
  }

  async claim(scope: StateScope, owner: string): Promise<Claim> {
    return this.asking('claim', scope, async () => {
      const [epoch, next, meta] = await this.redis.masteryClaimBuffer(this.claimKey(scope), owner)
      return { epoch: Number(epoch), nextOffset: Number(next.toString()), meta }
    })
  }

  async load(scope: StateScope, keys: readonly string[], fence?: Fence): Promise<(Uint8Array | null)[]> {
    const [found, at] = await this.asking('load', scope, async () => {
      const states = this.statesKey(scope)
      const chunks: Promise<(Buffer | null)[]>[] = []
      for (let i = 0; i < keys.length; i += LOAD_CHUNK)
        chunks.push(this.redis.hmgetBuffer(states, ...keys.slice(i, i + LOAD_CHUNK)))
      // Asked after the states, on the same connection: where it still holds, all of them were the owner's.
      const held = fence ? this.redis.hmget(this.claimKey(scope), 'epoch', 'next') : null
      const [found, at] = await Promise.all([Promise.all(chunks), held])
      return [found.flat(), at] as const
    })
    if (fence && (at?.[0] !== String(fence.epoch) || (at?.[1] ?? '0') !== String(fence.nextOffset)))
      throw new FencedError(
        `Redis at ${this.where} holds ${scopeId(scope)} at epoch ${at?.[0] ?? 'none'} and offset ${at?.[1] ?? 'none'}, not at ${fence.epoch} and ${fence.nextOffset} as its owner left it.`,
      )
    return found
  }

  async commit(scope: StateScope, c: StateCommit): Promise<CommitResult> {
    const args: (string | number | Buffer)[] = [c.epoch, c.expectedOffset, c.nextOffset, bufferOf(c.meta)]
    for (const [key, bytes] of c.changes) args.push(key, bufferOf(bytes))
    return this.asking('commit', scope, () =>
      this.redis.masteryCommit(this.claimKey(scope), this.statesKey(scope), ...args),
    )
  }

  async peek(scope: StateScope): Promise<{ nextOffset: number; meta: Uint8Array } | null> {
    return this.asking('read', scope, async () => {
      const [next, meta] = await this.redis.hmgetBuffer(this.claimKey(scope), 'next', 'meta')
      return next && meta ? { nextOffset: Number(next.toString()), meta } : null
    })
  }

  async drop(scope: StateScope): Promise<void> {
    await this.asking('drop', scope, () => this.redis.unlink(this.claimKey(scope), this.statesKey(scope)))
  }

  async *keys(scope: StateScope): AsyncIterable<string> {
    // HSCAN may give a field twice while the hash grows.
    const seen = new Set<string>()
    let cursor = '0'
    do {
      const [next, found] = await this.asking('list', scope, () =>
        this.redis.hscanBuffer(this.statesKey(scope), cursor, 'COUNT', 1_000),
      )
      for (let i = 0; i < found.length; i += 2) {
        const key = found[i]!.toString('utf8')
        if (seen.has(key)) continue
        seen.add(key)
        yield key
      }
      cursor = next.toString()
    } while (cursor !== '0')
  }

  async close(): Promise<void> {
    // QUIT would wait for a server that is gone.
    this.redis.disconnect()
  }
}

/**
 * Connects and checks that the server may hold state.
 * @throws TransientError when the server does not answer; Error when it would evict keys, or refuses us
 */
export async function openRedisState(options: RedisOptions): Promise<RedisState> {
  const prefix = options.keyPrefix ?? ''
  if (/[{}]/.test(prefix))
    throw new Error(`The Redis key prefix ${prefix} must not contain braces: they name the slot.`)
  const { redis, host } = await connectRedis(options.url, options.commandTimeoutMs)
  return new RedisState(redis, prefix, host)
}
