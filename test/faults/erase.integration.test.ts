import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { downStack, upStack } from '@mastery/infra/local/stack.ts'
import { PERSONAL } from '@mastery/infra/provision/gold/personal.ts'
import { bulk, enrolled, role, user } from '@mastery/topology/roster/testing/small.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mastery, masteryOk, sqlRows } from '../processes/cli.ts'
import { SERVICE_NAMES, Services } from '../processes/services.ts'
import { writeTenants } from './tenants.ts'

const gated = process.env['MASTERY_TEST_KAFKA']
const title = gated ? 'erasure on real servers' : 'erasure, not run: no local stack (MASTERY_TEST_KAFKA unset)'
const tenant = `e${process.pid}-${Math.trunc(performance.timeOrigin % 1e6)}`
const DAY = 86_400_000

interface Receipt {
  receipt_id: string
  status: string
  waiting_for: string[]
  erased_at: string
  late_dropped: number
  gold: { table: string; removed: number; left: number }[]
  state: { found: string }[]
  topics: { topic: string; gone_by: string | null }[]
  roster: object
}

/** One class with the student, the guardian and the teacher. */
function rosterOf(student: string) {
  const users = [
    user(student, { agentSourcedIds: 'guardian' }),
    user('guardian', { email: 'g@mail.example' }),
    user('tina'),
  ]
  const roles = [role(student, 'student'), role('guardian', 'parent'), role('tina', 'teacher')]
  const enrollments = [enrolled('m6', student, 'student'), enrolled('m6', 'tina', 'teacher')]
  return bulk({ users, roles, enrollments })
}

function csv(rows: number): string {
  const lines = ['student,item,topic,correct,occurred_at']
  for (let i = 0; i < rows; i++)
    lines.push(
      `s${i % 6},q${i % 40},t${i % 4},${(i * 5) % 3 === 0 ? 0 : 1},${new Date(Date.UTC(2025, 2, 3) + i * 600_000).toISOString()}`,
    )
  return `${lines.join('\n')}\n`
}

describe.skipIf(!gated)(title, { timeout: 300_000 }, () => {
  const folder = join(tmpdir(), `erase-${process.pid}`)
  const file = join(folder, 'answers.csv')
  let services: Services
  const run = async (args: string[]) => (await masteryOk([...args, '--tenant', tenant, '--json'], services.place)).out
  const erase = async (student: string) => JSON.parse(await run(['erase', '--student', student, '--yes'])) as Receipt
  const pseudonym = async (student: string) =>
    (await masteryOk(['pseudonym', student, '--tenant', tenant], services.place)).out.trim()
  const rowsLeft = async (student: string) => {
    const tables = PERSONAL.map((t) => t.table).filter((t) => t !== 'event_dispositions' && t !== 'student_commands')
    const counts = tables.map((t) => `(SELECT count() FROM ${t} WHERE student_id = '${student}')`)
    const [row] = await sqlRows<{ n: number }>(`SELECT ${counts.join(' + ')} AS n`, services.place)
    return Number(row!.n)
  }

  beforeAll(async () => {
    mkdirSync(folder, { recursive: true })
    const tenantsFile = join(folder, 'tenants.json')
    writeTenants(tenantsFile, [tenant])
    // Servers of its own: on shared ones a member of somebody else's would take over from the one that is killed.
    const at = await upStack({ root: folder })
    // A killed member is missed after the least time that a broker takes.
    services = new Services(at, join(folder, 'local'), tenantsFile, { KAFKA_SESSION_TIMEOUT_MS: '6000' })
    await services.start(SERVICE_NAMES)
    writeFileSync(file, csv(600))
    await run(['import', '--format', 'csv', '--file', file])
  }, 300_000)
  afterAll(async () => {
    await services?.stop()
    await downStack(folder, { wipe: true })
    rmSync(folder, { recursive: true, force: true })
  }, 180_000)

  it('leaves Redis and ClickHouse, says when Kafka forgets, and stays out', async () => {
    const student = await pseudonym('s1')
    expect(await rowsLeft(student)).toBeGreaterThan(0)
    const receipt = await erase('s1')
    expect(receipt).toMatchObject({ status: 'complete', waiting_for: [] })
    expect(receipt.gold.find((g) => g.table === 'learning_events')).toMatchObject({ removed: 100, left: 0 })
    expect(receipt.state.map((s) => s.found)).toEqual(['erased', 'erased', 'erased'])
    expect(await rowsLeft(student)).toBe(0)
    const goneBy = new Map(receipt.topics.map((t) => [t.topic, Date.parse(t.gone_by!) - Date.parse(receipt.erased_at)]))
    expect(goneBy.get('learning.events')).toBe(98 * DAY)
    expect(goneBy.get('learning.rejects')).toBe(31 * DAY)
    const summary = JSON.parse(await run(['import', '--format', 'csv', '--file', file])) as Record<string, number>
    expect(summary).toMatchObject({ events: 600, duplicates: 500, erased: 100 })
    expect(await rowsLeft(student)).toBe(0)
    expect(await erase('s1')).toMatchObject({ receipt_id: receipt.receipt_id, late_dropped: 100 })
  })

  it.each(['gold.erased', 'features.produced'])('ends the same when a service is killed at %s', async (point) => {
    const student = point === 'gold.erased' ? 's3' : 's4'
    const service = point.startsWith('gold') ? 'gold' : 'features'
    await services.of(service).signal('SIGTERM')
    const doomed = services.launch(service, { MASTERY_CRASH_AT: point })
    await doomed.said(/\brunning\b/)
    const asked = mastery(['erase', '--student', student, '--yes', '--tenant', tenant, '--json'], services.place)
    expect(await doomed.ended).toMatchObject({ signal: 'SIGKILL' })
    await services.launch(service).said(/\brunning\b/)
    const { out } = await asked
    const receipt = JSON.parse(out) as Receipt
    expect(receipt).toMatchObject({ status: 'complete', waiting_for: [] })
    // The file came twice.
    expect(receipt.gold.find((g) => g.table === 'learning_events')).toMatchObject({ removed: 200, left: 0 })
    expect(await rowsLeft(await pseudonym(student))).toBe(0)
  })

  it('answers over HTTP, and keeps the reads of a service that is stopped', async () => {
    const key = (await masteryOk(['apikey', '--role', 'admin', '--tenant', tenant], services.place)).out.trim()
    await services.of('api').signal('SIGTERM')
    const api = services.launch('api')
    const url = (await api.said(/listening on (http:\S+?)["\s]/))[1]!
    const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' }
    // The names come by another process, under a key that this one has not seen.
    const roster = join(folder, 'roster')
    mkdirSync(roster)
    for (const [name, bytes] of rosterOf('s5')) writeFileSync(join(roster, name), bytes)
    expect(JSON.parse(await run(['roster', 'import', roster]))).toMatchObject({ status: 'in force' })
    await run(['keys', 'rotate', 'vault'])
    const shown = async () =>
      (await mastery(['roster', 'show', '--student', 's5', '--tenant', tenant], services.place)).out
    expect(await shown()).toMatch(/^S5 Doe .*\n[\s\S]*Guardian Doe +g@mail\.example +guardian/)
    for (let i = 0; i < 3; i++) expect((await fetch(`${url}/mastery/s5`, { headers })).status).toBe(200)
    const body = JSON.stringify({ student_id: 's5' })
    const reply = await fetch(`${url}/privacy/erase`, { method: 'POST', headers, body })
    const receipt = (await reply.json()) as Receipt
    expect([reply.status, receipt.status]).toEqual([200, 'complete'])
    expect(receipt.roster).toMatchObject({ checked: true, person: true, guardians: 1, former_versions: 1 })
    expect(await shown()).toBe('')
    expect((await fetch(`${url}/mastery/s5`, { headers })).status).toBe(404)
    await api.signal('SIGTERM')
    const rows = JSON.parse(await run(['access', '--student', 's5'])) as { action: string }[]
    expect(rows.map((r) => r.action).sort()).toEqual([
      'erase',
      'read mastery',
      'read mastery',
      'read mastery',
      'roster show',
    ])
    expect(readFileSync(join(folder, 'tenants.json'), 'utf8')).not.toContain(key)
  })
})
