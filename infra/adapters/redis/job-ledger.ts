import { readFileSync } from 'node:fs'
import { LEDGER_DAYS } from '@mastery/topology/jobs/spec.ts'
import type { JobLedger, Json, LedgerEntry } from '@mastery/topology/ports/job-queue.ts'
import type { Redis } from 'ioredis'
import { connectRedis } from './connect.ts'
import { redisFailure } from './failure.ts'

interface Scripts {
  masteryLedgerFinish(entry: string, result: string, seconds: number): Promise<number>
}

const SECONDS = LEDGER_DAYS * 86_400
const json = (text: string | null | undefined): Json => (text == null ? null : (JSON.parse(text) as Json))

/** The ledger of jobs in the state store's Redis: one hash per idempotency key, kept 90 days. */
export class RedisJobLedger implements JobLedger {
  private readonly redis: Redis & Scripts
  private readonly prefix: string
  private readonly host: string

  constructor(redis: Redis, prefix: string, host: string) {
    redis.defineCommand('masteryLedgerFinish', {
      numberOfKeys: 1,
      lua: readFileSync(new URL('ledger-finish.lua', import.meta.url), 'utf8'),
    })
    this.redis = redis as Redis & Scripts
    this.prefix = prefix
    this.host = host
  }

  private place(key: string): string {
    return `${this.prefix}job-ledger:${key}`
  }

  private async asking<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (e) {
      throw redisFailure(e, `${what} the ledger of jobs`, this.host)
    }
  }

  async reserve(key: string, jobId: string): Promise<LedgerEntry> {
    return this.asking('write', async () => {
      if ((await this.redis.hsetnx(this.place(key), 'job', jobId)) === 1)
        await this.redis.expire(this.place(key), SECONDS)
      return (await this.read(key)) ?? { jobId, done: false, result: null, checkpoint: null }
    })
  }

  async read(key: string): Promise<LedgerEntry | null> {
    return this.asking('read', async () => {
      const [jobId, done, result, checkpoint] = await this.redis.hmget(
        this.place(key),
        'job',
        'done',
        'result',
        'checkpoint',
      )
      if (jobId == null) return null
      return { jobId, done: done === '1', result: json(result), checkpoint: json(checkpoint) }
    })
  }

  async finish(key: string, result: Json): Promise<boolean> {
    return this.asking('write', async () => {
      return (await this.redis.masteryLedgerFinish(this.place(key), JSON.stringify(result), SECONDS)) === 1
    })
  }

  async save(key: string, checkpoint: Json): Promise<void> {
    await this.asking('write', () => this.redis.hset(this.place(key), 'checkpoint', JSON.stringify(checkpoint)))
  }

  async step(key: string, step: string): Promise<Json | undefined> {
    return this.asking('read', async () => {
      const text = await this.redis.hget(this.place(key), `step:${step}`)
      return text === null ? undefined : json(text)
    })
  }

  async record(key: string, step: string, result: Json): Promise<Json> {
    return this.asking('write', async () => {
      await this.redis.hsetnx(this.place(key), `step:${step}`, JSON.stringify(result))
      return json(await this.redis.hget(this.place(key), `step:${step}`))
    })
  }

  async close(): Promise<void> {
    this.redis.disconnect()
  }
}

/** @throws TransientError when the server does not answer; Error when it would evict keys, or refuses us */
export async function openRedisJobLedger(options: { url: string; keyPrefix?: string }): Promise<RedisJobLedger> {
  const { redis, host } = await connectRedis(options.url)
  return new RedisJobLedger(redis, options.keyPrefix ?? '', host)
}
