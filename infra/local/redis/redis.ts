import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { exchange, LOOPBACK } from '../network.ts'
import type { Part } from '../part.ts'
import { obtain, redisServer } from '../tools.ts'

/** redis-server with its append-only file: a killed server loses at most the last second. */
export const redis: Part = {
  name: 'redis',
  portNames: ['main'],
  tools: [redisServer],
  startLimitMs: 60_000,
  stopLimitMs: 15_000,
  address: (ports) => `redis://${LOOPBACK}:${ports.main}`,
  missingDownloads: () => [],
  async prepare(_layout, log) {
    await obtain(redisServer, log)
  },
  async plan(layout, ports, log) {
    const data = join(layout.partDir('redis'), 'data')
    mkdirSync(data, { recursive: true })
    const settings: [string, string][] = [
      ['bind', LOOPBACK],
      ['port', String(ports.main)],
      ['dir', data],
      ['daemonize', 'no'],
      ['appendonly', 'yes'],
      ['appendfsync', 'everysec'],
      // A state store that forgets keys under memory pressure would be a loss without a word.
      ['maxmemory-policy', 'noeviction'],
      // The append-only file is the one copy; snapshots would only add forks.
      ['save', ''],
    ]
    return {
      command: await obtain(redisServer, log),
      args: settings.flatMap(([name, value]) => [`--${name}`, value]),
      cwd: data,
    }
  },
  // While it loads its file it answers -LOADING.
  serves: (ports) =>
    exchange(ports.main, Buffer.from('PING\r\n'), (answer) => answer.toString('latin1').startsWith('+PONG')),
}
