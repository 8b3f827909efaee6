import type { StackAddresses } from '@mastery/infra/local/stack.ts'
import { Redis } from 'ioredis'

/** Asks a ClickHouse server itself. */
export async function askClickHouse(url: string, query: string, format: 'JSONEachRow' | 'TSV'): Promise<string> {
  const response = await fetch(url, { method: 'POST', body: `${query} FORMAT ${format}` })
  const text = await response.text()
  if (!response.ok) throw new Error(`ClickHouse at ${url} refused: ${text}`)
  return text
}

export const linesOf = (text: string) => text.split('\n').filter((line) => line !== '')

/** Work on Redis itself, past the proxies. */
export async function onRedis<T>(at: StackAddresses, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(at.redis, { lazyConnect: true })
  redis.on('error', () => {})
  await redis.connect()
  try {
    return await work(redis)
  } finally {
    redis.disconnect()
  }
}
