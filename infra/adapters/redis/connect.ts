import { Redis } from 'ioredis'
import { redisFailure } from './failure.ts'

/**
 * Connects and checks that the server keeps what it is given.
 * @throws TransientError when the server does not answer; Error when it would evict keys, or refuses us
 */
export async function connectRedis(url: string, commandTimeoutMs = 5_000): Promise<{ redis: Redis; host: string }> {
  const { host } = new URL(url)
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 5_000,
    commandTimeout: commandTimeoutMs,
    // A connection that has died in silence would else time out every command to come.
    socketTimeout: commandTimeoutMs,
    // The caller tries again itself and keeps its place in the group meanwhile; a long wait in here would lose it.
    maxRetriesPerRequest: 1,
    retryStrategy: (attempt) => Math.min(100 * attempt, 1_000),
  })
  // Each command reports its own failure; without a listener the client would print every reconnect.
  redis.on('error', () => {})
  try {
    await redis.connect()
    const policy = /maxmemory_policy:(\S+)/.exec(await redis.info('memory'))?.[1] ?? 'unknown'
    if (policy.startsWith('allkeys'))
      throw new Error(
        `Redis at ${host} evicts keys under memory pressure (maxmemory-policy ${policy}) and would forget students. Set it to noeviction.`,
      )
  } catch (e) {
    redis.disconnect()
    if ((e as Error).message.includes('would forget students')) throw e
    throw redisFailure(e, 'connect', host)
  }
  return { redis, host }
}
