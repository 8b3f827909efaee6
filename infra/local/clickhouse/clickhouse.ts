import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { answers, LOOPBACK } from '../network.ts'
import type { Part } from '../part.ts'

const MAIN = fileURLToPath(new URL('../../adapters/clickhouse/http-engine/main.ts', import.meta.url))

/** The ClickHouse engine of the chdb package in a process of its own, behind ClickHouse's HTTP interface. */
export const clickhouse: Part = {
  name: 'clickhouse',
  portNames: ['main'],
  tools: [],
  startLimitMs: 60_000,
  stopLimitMs: 15_000,
  address: (ports) => `http://${LOOPBACK}:${ports.main}`,
  missingDownloads: () => [],
  async prepare() {},
  async plan(layout, ports) {
    const folder = layout.partDir('clickhouse')
    mkdirSync(folder, { recursive: true })
    return {
      command: process.execPath,
      args: [MAIN],
      cwd: folder,
      env: {
        CLICKHOUSE_ENGINE_HOST: LOOPBACK,
        CLICKHOUSE_ENGINE_PORT: String(ports.main),
        CLICKHOUSE_ENGINE_DATA: join(folder, 'data'),
        UV_THREADPOOL_SIZE: '16',
      },
    }
  },
  serves: (ports) => answers(`http://${LOOPBACK}:${ports.main}/ping`, 'Ok.\n'),
}
