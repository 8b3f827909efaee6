import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClickHouseGold } from '@mastery/infra/adapters/clickhouse/gold.ts'
import { GoldInbox } from '@mastery/infra/adapters/inbox/inbox.ts'
import { unsubscribeToken } from '@mastery/infra/config/unsubscribe.ts'
import { COMPONENTS, type ComponentName } from '@mastery/infra/http/components.ts'
import type { StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'
import { classSubject } from '@mastery/topology/events/class-command.ts'
import { OPS_KEY, opsPartition } from '@mastery/topology/ops/place.ts'
import { partitionOf } from '@mastery/topology/partition.ts'
import { MapVault } from '@mastery/topology/testing/map-vault.ts'
import { exampleDelivery, exampleMessage } from '@mastery/topology/testing/notifier-contract.ts'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KEY, NOW, OPERATOR_KEY, PERSON, PERSON_KEY, pseudonymOf, type StartedApi, startApi } from './start.ts'

const ajv = new Ajv2020({ strict: false, formats: { 'date-time': true } })
ajv.addSchema({ $id: 'doc', components: { schemas: COMPONENTS } })
function fits(name: ComponentName, body: unknown): void {
  ajv.validate({ $ref: `doc#/components/schemas/${name}` }, body)
  expect(ajv.errors ?? []).toEqual([])
}

const ANN = pseudonymOf('ann')
const BEN = pseudonymOf('ben')
const OTHER = 'e1'.repeat(16)
/** Who runs the system. */
const STAFF = 'f2'.repeat(16)
const OPERATOR = 'f1'.repeat(16)

interface Page {
  alerts: { alert_id: string; state: string; student_name: string | null; headline: string; words: string[] }[]
  next_cursor: string | null
}

describe('the inbox', () => {
  const folder = mkdtempSync(join(tmpdir(), 'inbox-api-'))
  let gold: ClickHouseGold
  let api: StartedApi

  beforeAll(async () => {
    gold = new ClickHouseGold({ path: join(folder, 'gold') })
    await gold.migrate()
    const names = new MapVault()
    await names.replace('school', {
      version: '1',
      people: [{ pseudonym: ANN, name: 'Ann', email: null, language: null }],
      titles: [],
    })
    api = await startApi(gold, { names })
    const inbox = new GoldInbox(gold)
    const put = (n: number, recipient: string, items: [alert: string, student: string, more?: object][]) => {
      const d = exampleDelivery(n, { recipient, now: NOW - 86_400_000 + n * 60_000 })
      const all = items.map(([alert_id, student, more]) => ({ ...d.items[0]!, alert_id, student, ...more }))
      return inbox.send(exampleMessage(n, { delivery: { ...d, items: all } }))
    }
    await put(1, PERSON, [
      ['a1', ANN],
      ['a2', BEN, { class: 'c2' }],
    ])
    await put(2, PERSON, [['a1', ANN, { kind: 'resolved', sequence: 2 }]])
    await put(3, PERSON, [['a3', ANN]])
    await put(4, OTHER, [['b1', BEN]])
    await put(5, PERSON, [['class-drop', '', { student: null, scope: 'class' }]])
    const lag = [
      { code: 'part', value: null, text: 'scoring' },
      { code: 'lag', value: 52_341, text: null },
      { code: 'line', value: 10_000, text: null },
    ]
    const onSystem = { student: null, class: null, topic: null, scope: 'pipeline', evidence: lag }
    await put(6, STAFF, [['behind', '', onSystem]])
    await put(7, OPERATOR, [['model-drift', '', { student: null, class: null, scope: 'model' }]])
  })
  afterAll(async () => {
    await api.stop()
    await gold.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const ask = (path: string, key: string | null, body?: unknown) =>
    fetch(`${api.url}${path}`, {
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      headers: { ...(key === null ? {} : { 'X-Api-Key': key }), 'Content-Type': 'application/json' },
    })
  const page = async (path: string, key = PERSON_KEY) => {
    const answer = await ask(path, key)
    expect(answer.status).toBe(200)
    const body = (await answer.json()) as Page
    fits('Inbox', body)
    return body
  }
  const ids = (p: Page) => p.alerts.map((a) => a.alert_id)

  it("has what its person was told, the newest notice of each alert first, and nobody else's", async () => {
    const { alerts } = await page('/alerts')
    expect(alerts.map((a) => [a.alert_id, a.state])).toEqual([
      ['class-drop', 'firing'],
      ['a3', 'firing'],
      ['a1', 'resolved'],
      ['a2', 'firing'],
    ])
    expect(alerts.map((a) => a.student_name)).toEqual([null, 'Ann', 'Ann', null])
    expect(alerts[1]!.words).toContain('Estimated mastery is 41 %.')
  })

  it('is filtered by state, student and class, in the language asked for', async () => {
    expect(ids(await page('/alerts?state=resolved'))).toEqual(['a1'])
    expect(ids(await page('/alerts?state=firing&student_id=ann'))).toEqual(['a3'])
    expect(ids(await page('/alerts?class=c2'))).toEqual(['a2'])
    expect((await page('/alerts?student_id=ben&lang=de')).alerts[0]!.words[0]).toBe(
      'Das geschätzte Können liegt bei 41 %.',
    )
    expect((await ask('/alerts?state=odd', PERSON_KEY)).status).toBe(400)
  })

  it('comes in pages', async () => {
    const first = await page('/alerts?limit=3')
    const second = await page(`/alerts?limit=3&cursor=${first.next_cursor}`)
    expect([...ids(first), ...ids(second)]).toEqual(['class-drop', 'a3', 'a1', 'a2'])
    expect(second.next_cursor).toBeNull()
    expect((await ask('/alerts?cursor=x', PERSON_KEY)).status).toBe(400)
  })

  it('is opened by operators for anybody, by others for nobody else', async () => {
    expect(ids(await page(`/alerts?recipient=${OTHER}`, OPERATOR_KEY))).toEqual(['b1'])
    expect((await ask('/alerts', OPERATOR_KEY)).status).toBe(400)
    expect((await ask(`/alerts?recipient=${OTHER}`, PERSON_KEY)).status).toBe(403)
    expect((await ask(`/alerts?recipient=${OTHER}`, KEY)).status).toBe(403)
    expect((await ask('/alerts', null)).status).toBe(401)
    // A person's key opens nothing but the inbox.
    expect((await ask('/mastery/ann', PERSON_KEY)).status).toBe(403)
  })

  async function commands(): Promise<StudentCommand[]> {
    const found: StudentCommand[] = []
    for (const student of [ANN, BEN, classSubject('school', 'c1')]) {
      const records = await api.log.read('learning.events', partitionOf(student, 3), 0, 1000)
      for (const r of records) {
        const { subject, value } = api.codec.decode(r.value)
        if (subject === 'student-command' && r.key === student) found.push(value as StudentCommand)
      }
    }
    return [...new Map(found.map((c) => [c.command_id, c])).values()]
  }

  it('shows what is told of services to whoever runs them, in words, and to no teacher', async () => {
    const own = (await (await ask(`/alerts?recipient=${STAFF}`, OPERATOR_KEY)).json()) as Page
    fits('Inbox', own)
    expect(own.alerts).toMatchObject([
      {
        alert_id: 'behind',
        headline: 'scoring lags behind.',
        words: ['52,341 records are in the log that it has not taken yet; the line that was set is 10,000.'],
      },
    ])
    expect((await ask(`/alerts?recipient=${STAFF}`, PERSON_KEY)).status).toBe(403)
    expect(ids(await page('/alerts'))).not.toContain('behind')
    // It is decided where the system is watched, and so is what is done about it.
    const asked = { recipient: STAFF, reason: 'being moved', until: NOW + 1000 }
    const silenced = await ask('/alerts/behind/silence', OPERATOR_KEY, asked)
    expect(silenced.status).toBe(202)
    fits('AlertCommand', await silenced.json())
    const partition = opsPartition(await api.log.partitions('ops.metrics'))
    const written = (await api.log.read('ops.metrics', partition, 0, 1000)).flatMap((r) => {
      const { subject, value } = api.codec.decode(r.value)
      return subject === 'student-command' ? [{ key: r.key, ...(value as StudentCommand) }] : []
    })
    expect(written).toMatchObject([
      { key: OPS_KEY, kind: 'silence', alert: 'behind', tenant: 'school', until: NOW + 1000, reason: 'being moved' },
    ])
    expect((await ask('/alerts/behind/acknowledge', PERSON_KEY, {})).status).toBe(404)
  })

  it('takes what a person does about an alert into the log, in the partition of the student or class', async () => {
    const until = new Date(NOW + 86_400_000).toISOString()
    for (const [path, body] of [
      ['/alerts/a3/acknowledge', {}],
      ['/alerts/a3/silence', { reason: 'on a school trip', until }],
      ['/alerts/a3/unsilence', {}],
      ['/alerts/a2/not-useful', { reason: 'he was ill' }],
      ['/alerts/class-drop/acknowledge', {}],
    ] as const) {
      const answer = await ask(path, PERSON_KEY, body)
      expect(answer.status).toBe(202)
      fits('AlertCommand', await answer.json())
    }
    expect((await commands()).map((c) => [c.kind, c.student, c.alert, c.author, c.until, c.reason])).toEqual([
      ['acknowledge', ANN, 'a3', PERSON, null, null],
      ['silence', ANN, 'a3', PERSON, NOW + 86_400_000, 'on a school trip'],
      ['unsilence', ANN, 'a3', PERSON, null, null],
      ['not_useful', BEN, 'a2', PERSON, null, 'he was ill'],
      ['acknowledge', 'class/school/c1', 'class-drop', PERSON, null, null],
    ])
  })

  it('refuses what cannot be carried out, and writes nothing', async () => {
    const before = (await commands()).length
    const status = async (path: string, key: string | null, body: unknown) => (await ask(path, key, body)).status
    expect(await status('/alerts/b1/acknowledge', PERSON_KEY, {})).toBe(404)
    expect(await status('/alerts/nothing/acknowledge', OPERATOR_KEY, {})).toBe(404)
    expect(await status('/alerts/a3/silence', PERSON_KEY, { reason: 'x' })).toBe(400)
    expect(await status('/alerts/a3/silence', PERSON_KEY, { until: NOW + 1000 })).toBe(400)
    expect(await status('/alerts/a3/silence', PERSON_KEY, { until: NOW - 1000, reason: 'x' })).toBe(400)
    expect(await status('/alerts/a3/silence', OPERATOR_KEY, { until: NOW + 1000, reason: 'x' })).toBe(400)
    expect(await status('/alerts/a3/acknowledge', PERSON_KEY, { odd: 1 })).toBe(400)
    expect(await status('/alerts/a3/acknowledge', PERSON_KEY, { recipient: OTHER })).toBe(403)
    expect(await status('/alerts/a3/acknowledge', KEY, {})).toBe(403)
    // A teacher who is told that data can't be relied on must not keep it from those who mend it.
    const d = exampleDelivery(8, { recipient: PERSON, role: 'teacher', now: NOW })
    const items = [{ ...d.items[0]!, alert_id: 'bad-data', student: null, class: null, scope: 'pipeline' }]
    await new GoldInbox(gold).send(exampleMessage(8, { delivery: { ...d, items } }))
    expect(await status('/alerts/bad-data/silence', PERSON_KEY, { until: NOW + 1000, reason: 'x' })).toBe(403)
    expect((await commands()).length).toBe(before)
  })

  it('takes a reader off mails by the token of a mail, and only by a click', async () => {
    const tenant = { id: 'school', pseudonymKey: 'ab'.repeat(32), apiKeyHashes: [] }
    const token = unsubscribeToken(tenant, PERSON)
    const optedOut = () =>
      gold.query<{ recipient: string }>('SELECT recipient FROM delivery_optouts FINAL WHERE unwanted')
    const shown = await ask(`/unsubscribe?token=${token}`, null)
    expect([shown.status, shown.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    expect(await shown.text()).toContain('<form method="post">')
    expect(await optedOut()).toEqual([])
    const [, mac] = token.split('.')
    const forged = `${Buffer.from(JSON.stringify(['school', OTHER])).toString('base64url')}.${mac}`
    for (const wrong of ['', 'x', `${token.slice(0, -2)}xx`, forged])
      expect((await ask(`/unsubscribe?token=${wrong}`, null, {})).status).toBe(400)
    expect(
      (
        await ask(
          `/unsubscribe?token=${unsubscribeToken({ ...tenant, pseudonymKey: '00'.repeat(32) }, PERSON)}`,
          null,
          {},
        )
      ).status,
    ).toBe(400)
    expect(await optedOut()).toEqual([])
    const done = await fetch(`${api.url}/unsubscribe?token=${token}`, {
      method: 'POST',
      body: 'List-Unsubscribe=One-Click',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    })
    expect(done.status).toBe(200)
    fits('Unsubscribed', await done.json())
    expect(await optedOut()).toEqual([{ recipient: PERSON }])
  })
})
