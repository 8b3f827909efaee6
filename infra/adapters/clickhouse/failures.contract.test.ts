import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { TransientError } from '@mastery/topology/ports/failure.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ClickHouseGold } from './gold.ts'

describe('gold behind a server that answers with failures', () => {
  let server: Server
  let gold: ClickHouseGold
  let answer: { status: number; code?: string; body: string }
  beforeAll(async () => {
    server = createServer((request, response) => {
      request.resume()
      if (answer.code) response.setHeader('X-ClickHouse-Exception-Code', answer.code)
      response.writeHead(answer.status, { 'Content-Type': 'text/plain' }).end(answer.body)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    gold = new ClickHouseGold({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
  })
  afterAll(async () => {
    await gold.close()
    server.close()
  })

  const failure = (given: typeof answer): Promise<Error> => {
    answer = given
    return gold.command('SELECT 1').then(
      () => expect.fail('It was answered.'),
      (e: Error) => e,
    )
  }

  it.each([
    [502, '<html>no backend</html>'],
    [503, 'starting'],
    [404, 'no such page'],
    [503, ''],
  ])('names the address, not only the words of a proxy, when %i comes with "%s"', async (status, body) => {
    const e = await failure({ status, body })
    expect(e.message).toContain('What answers at CLICKHOUSE_URL is not ClickHouse')
    expect(e.message).toContain(`"${body}"`)
    expect(e.cause).toBeInstanceOf(Error)
  })

  it('takes what ClickHouse refuses for the moment for passing, and what it refuses for good for neither', async () => {
    const full = 'Code: 241. DB::Exception: Memory limit exceeded. (MEMORY_LIMIT_EXCEEDED)'
    expect(await failure({ status: 500, code: '241', body: full })).toBeInstanceOf(TransientError)
    const unknown = await failure({
      status: 404,
      code: '60',
      body: 'Code: 60. DB::Exception: No table. (UNKNOWN_TABLE)',
    })
    expect(unknown).not.toBeInstanceOf(TransientError)
    expect(unknown).toMatchObject({ code: '60', type: 'UNKNOWN_TABLE' })
  })
})
