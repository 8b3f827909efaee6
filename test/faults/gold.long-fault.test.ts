import { residentMiB } from '@mastery/infra/local/process.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signalPart, startPart } from './parts.ts'
import { pause, Rig } from './rig.ts'
import { answersLost } from './waiting.ts'

const gated = process.env['MASTERY_TEST_KAFKA']
const title = gated ? 'gold in trouble' : 'gold in trouble, not run: no local stack (MASTERY_TEST_KAFKA unset)'
const TENANTS = ['down', 'late', 'midinsert', 'errors', 'acks'] as const

function response(status: string, code: string | null, body: string): Buffer {
  const header = code === null ? '' : `X-ClickHouse-Exception-Code: ${code}\r\n`
  return Buffer.from(
    `HTTP/1.1 ${status}\r\n${header}Content-Type: text/plain\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  )
}

describe.skipIf(!gated)(title, { timeout: 300_000 }, () => {
  let rig: Rig
  beforeAll(async () => {
    const files = Object.fromEntries(TENANTS.map((t, i) => [t, { rows: 1_000 + i }]))
    rig = await Rig.open({ ...files, slow: { rows: 8_000, students: 300 } }, { via: ['clickhouse'] })
  }, 300_000)
  afterAll(() => rig?.close(), 180_000)

  const clickhouse = () => rig.proxy('clickhouse')

  it('loses no row while ClickHouse is down', () =>
    rig.survives('ClickHouse down for 4 s', 'down', async () => {
      await signalPart(rig.folder, 'clickhouse', 'SIGTERM')
      await pause(4_000)
      await startPart(rig.folder, 'clickhouse')
    }))

  it('doubles no row when ClickHouse answers late', () =>
    rig.survives('ClickHouse answers 2 s late', 'late', async () => {
      clickhouse().latencyMs = 1_000
      await pause(5_000)
      clickhouse().latencyMs = 0
    }))

  it('loses and doubles no row when ClickHouse is killed amid an insert', () =>
    rig.survives('ClickHouse kill -9 amid inserts', 'midinsert', async () => {
      clickhouse().bytesPerSecond = 60_000
      await pause(1_200)
      await signalPart(rig.folder, 'clickhouse', 'SIGKILL')
      clickhouse().bytesPerSecond = Number.POSITIVE_INFINITY
      await startPart(rig.folder, 'clickhouse')
    }))

  it('drops no row that ClickHouse refuses for the moment', () =>
    rig.survives('ClickHouse and its balancer answer 500 and 502', 'errors', async () => {
      const full = 'Code: 241. DB::Exception: Memory limit (total) exceeded. (MEMORY_LIMIT_EXCEEDED)'
      clickhouse().answer = response('500 Internal Server Error', '241', full)
      await pause(1_500)
      clickhouse().answer = response('502 Bad Gateway', null, '<html>no backend</html>')
      await pause(1_500)
      clickhouse().answer = response('503 Service Unavailable', null, 'starting')
      await pause(1_000)
      clickhouse().answer = null
    }))

  it('doubles no row when the acknowledgement of an insert is lost', () =>
    rig.survives('ClickHouse inserts without acknowledgement', 'acks', async () => {
      const before = clickhouse().seen.lost
      clickhouse().loseAnswers(8, (request) => request.includes('INSERT'))
      const lost = await answersLost(clickhouse(), before)
      return `${lost} acknowledgements lost`
    }))

  it('fills no memory behind a sink that is ten times slower', async () => {
    const { pid } = rig.services.of('gold').child
    const before = residentMiB(pid!)!
    clickhouse().bytesPerSecond = 100_000
    await rig.feed('slow', { appends: 4 })
    let most = before
    for (let i = 0; i < 60; i++) {
      await pause(150)
      most = Math.max(most, residentMiB(pid!) ?? 0)
    }
    clickhouse().bytesPerSecond = Number.POSITIVE_INFINITY
    await rig.recovered('a sink at 100 kB/s per connection for 9 s', 'slow', () => `gold ${before} to ${most} MiB`)
    // Two flushes of 10,000 rows and one fetch per partition are what may wait.
    expect(most - before).toBeLessThan(256)
  })
})
