import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { importRoster } from '@mastery/api/src/roster/import.ts'
import { withRoster } from '@mastery/api/src/roster/parts.ts'
import { activatePolicy } from '@mastery/cli/src/alerts/activate.ts'
import { policyInForce } from '@mastery/cli/src/alerts/in-force.ts'
import { withPseudonyms } from '@mastery/cli/src/alerts/people.ts'
import { previewRules } from '@mastery/cli/src/alerts/preview.ts'
import { readYaml } from '@mastery/infra/config/alert-yaml.ts'
import { ensureVaultKey } from '@mastery/infra/config/vault-keys.ts'
import { tellWhatIsInForce, untoldTenants } from '@mastery/infra/runtime/ops-rules.ts'
import { beginGeneration } from '@mastery/jobs/src/replay/begin.ts'
import { buildProgress, isCaughtUp } from '@mastery/jobs/src/replay/progress.ts'
import { switchGeneration } from '@mastery/jobs/src/replay/switch.ts'
import type { Alert } from '@mastery/schemas/src/generated/alert.gen.ts'
import type { Delivery } from '@mastery/schemas/src/generated/delivery.gen.ts'
import { checkPolicy } from '@mastery/topology/alerts/check.ts'
import { render } from '@mastery/topology/delivery/render.ts'
import { plainWords } from '@mastery/topology/delivery/words.ts'
import { EVERYTHING } from '@mastery/topology/generations/generation.ts'
import { OPS_KEY, opsPartition } from '@mastery/topology/ops/place.ts'
import { bulk, role, SMALL, user } from '@mastery/topology/roster/testing/small.ts'
import { MINUTE, OpsRecords, took } from '@mastery/topology/testing/watch-log.ts'
import { type TopicName, topicAt } from '@mastery/topology/topics.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from './delivery-world.ts'
import { World } from './world.ts'

const SHIPPED = join(import.meta.dirname, '../../configs/alerts/default.yaml')
const PEOPLE = 'people:\n  operators: [olga]\n  content_owners:\n    - {users: [carl], topics: [fractions]}\n'
/** A Monday, in school hours of Berlin. */
const START = Date.parse('2026-10-05T08:00:00Z')
const at = (minutes: number) => START + minutes * MINUTE

const ROSTER = bulk({
  users: [
    ...SMALL.users,
    user('olga', { email: 'olga@school.example' }),
    user('carl', { email: 'carl@school.example', 'metadata.language': 'de' }),
  ],
  roles: [...SMALL.roles, role('olga', 'systemAdministrator'), role('carl', 'siteAdministrator')],
})

describe('rules about the system itself, from a record of a service to a message', { timeout: 240_000 }, () => {
  let world: World
  const ids = new Map<string, string>()
  let names = new Map<string, { name: string; email: string | null; language: string | null }>()

  beforeAll(async () => {
    world = await World.open()
    const { installation, gold } = world
    const tenant = installation.secrets.tenants[0]!
    ensureVaultKey(installation.profile.tenantsFile, installation.secrets, tenant.id, START)
    const who = { tenant, reader: 'test', role: 'operator', check: () => world.pipeline.check() }
    const kept = await withRoster(installation, gold, who, async (parts) => {
      await importRoster(parts, ROSTER, null, false)
      const found = await parts.vault.roster(tenant.id, 'test')
      for (const [pseudonym, id] of Object.entries(found!.kept!.ids)) ids.set(id, pseudonym)
      names = await parts.vault.people(tenant.id, [ids.get('olga')!, ids.get('carl')!], 'test')
      return found!.kept
    })
    const { policy, problems } = checkPolicy(readYaml(`${readFileSync(SHIPPED, 'utf8')}\n${PEOPLE}`).value)
    expect(problems).toEqual([])
    await activatePolicy(installation, tenant.id, withPseudonyms(policy, kept), START, who.check)
  }, 240_000)
  afterAll(() => world?.close())

  async function send(records: OpsRecords): Promise<void> {
    const { log, codec } = world.installation
    const partition = opsPartition(await log.partitions('ops.metrics'))
    const topic = 'ops.metrics' as const
    await log.append(
      records.all.map(({ subject, value }) => ({
        topic,
        partition,
        key: OPS_KEY,
        value: codec.encode(subject, value),
        timestamp: START,
      })),
    )
    await world.drained()
  }

  const tick = (time: number) => world.send([{ subject: 'tick', value: { at: time } }])

  async function valuesIn<T>(topic: TopicName, wanted: string): Promise<T[]> {
    const { log, codec, profile } = world.installation
    const found: T[] = []
    for (let p = 0; p < profile.partitions; p++)
      for (const r of await log.read(topic, p, 0, 100_000)) {
        const { subject, value } = codec.decode(r.value)
        if (subject === wanted) found.push(value as T)
      }
    return found
  }
  const deliveries = (generation = 0) => valuesIn<Delivery>(topicAt('mastery.deliveries', generation), 'delivery')
  const episodes = async (generation = 0) =>
    (await valuesIn<Alert>(topicAt('mastery.alerts', generation), 'alert')).filter((a) =>
      ['firing', 'resolved'].includes(a.state),
    )

  const textOf = (d: Delivery, language: 'en' | 'de') =>
    render(d, {
      language,
      names: { person: (p) => names.get(p)?.name ?? null, title: (id) => id, topic: () => 'Fractions' },
      wordsOf: plainWords,
      studentLink: (s) => s,
      inboxLink: 'https://school.example/alerts',
      unsubscribe: null,
    })

  it('are in force for ops.metrics too, and no sourcedId stands there', async () => {
    const { log } = world.installation
    expect(await untoldTenants(world.installation)).toEqual([])
    const partition = opsPartition(await log.partitions('ops.metrics'))
    for (const r of await log.read('ops.metrics', partition, 0, 100))
      expect(r.value.toString('utf8')).not.toMatch(/olga|carl/)
    expect(names.get(ids.get('olga')!)).toMatchObject({ name: 'Olga Doe', email: 'olga@school.example' })
  })

  it('tell the operator once of a scoring that is slow, and once that it is over', async () => {
    await send(new OpsRecords().metrics(at(0), at(10)).metrics(at(10), at(25), { latency: took(900, 100) }))
    const [d, ...more] = await deliveries()
    expect(more).toEqual([])
    expect(d).toMatchObject({ recipient: ids.get('olga'), role: 'operator', kind: 'group' })
    expect(d!.items).toMatchObject([{ rule: 'slow_scoring', scope: 'pipeline', kind: 'firing', student: null }])
    const { subject, text } = textOf(d!, 'en')
    expect(subject).toBe('1 notice on items, data or services')
    expect(text).toContain('Hello Olga Doe,')
    expect(text).toContain(
      'scoring is slow.\n  - 99 of 100 operations took up to 1 s; the line that was set is 500 ms.',
    )
    expect(text).toContain('npx mastery pipeline')

    await world.pipeline.stop()
    await world.restart()
    await send(new OpsRecords().metrics(at(25), at(60)))
    const all = await deliveries()
    expect(all.flatMap((x) => x.items.map((i) => i.kind))).toEqual(['firing', 'resolved'])
    expect(all.map((x) => x.recipient)).toEqual([ids.get('olga'), ids.get('olga')])
    expect(textOf(all[1]!, 'en').text).toContain('scoring is fast enough again.')
  })

  it('tell whoever answers for the topic of an item whose key may be wrong, until it is mended', async () => {
    const wrong = {
      subject: 'item-7',
      topic: 'fractions',
      findings: ['negative_discrimination'],
      since: at(-60 * 24 * 7),
      figures: [
        { code: 'answers', value: 214 },
        { code: 'point_biserial', value: -0.31 },
      ],
    }
    await send(new OpsRecords().look(at(70), 'item_health', [wrong]).look(at(71), 'item_health', [wrong]))
    // What one look finds goes out together, once all sources have told of a time behind it.
    await tick(at(75))
    const own = async () => (await deliveries()).filter((d) => d.recipient === ids.get('carl'))
    expect((await own()).map((d) => [d.role, d.items.map((i) => [i.rule, i.topic, i.kind])])).toEqual([
      ['content_owner', [['bad_items', 'fractions', 'firing']]],
    ])
    const { text } = textOf((await own())[0]!, 'de')
    expect(text).toContain('Eine Aufgabe zu Fractions sollte angesehen werden.')
    expect(text).toContain('item-7: Stärkere lösen sie seltener, der Schlüssel kann also falsch sein')
    await send(new OpsRecords().look(at(80), 'item_health', []))
    await tick(at(90))
    expect((await own()).map((d) => d.items.map((i) => i.kind))).toEqual([['firing'], ['resolved']])
  })

  it('stand in gold, with what they are about', async () => {
    const rows = await world.gold.query<Record<string, string>>(
      'SELECT toString(rule) AS rule, toString(scope) AS scope, toString(topic_id) AS topic, toString(state) AS state, toString(notices) AS times FROM v_alerts WHERE notices > 0 ORDER BY rule',
    )
    expect(rows).toEqual([
      { rule: 'bad_items', scope: 'item', topic: 'fractions', state: 'resolved', times: '2' },
      { rule: 'slow_scoring', scope: 'pipeline', topic: '', state: 'resolved', times: '2' },
    ])
  })

  it('are previewed over what the log has: what the rules in force told, and what others would have', async () => {
    const { installation } = world
    const tenant = installation.secrets.tenants[0]!.id
    const range = { from: START, to: at(60 * 24 * 60) }
    const { policy } = (await policyInForce(installation, tenant))!
    const found = await previewRules(installation, tenant, policy, range, () => {})
    const fired = (await episodes()).filter((a) => a.state === 'firing')
    expect(found.system!.from).toBeGreaterThanOrEqual(START)
    expect(found.system!.to).toBeGreaterThan(found.system!.from)
    expect(fired.length).toBeGreaterThan(1)
    for (const rule of new Set(fired.map((a) => a.rule)))
      expect(found.rules.find((r) => r.rule === rule)).toMatchObject({
        fired: fired.filter((a) => a.rule === rule).length,
        notices: expect.any(Number),
      })
    const calm = policy.watches.map((w) => (w.id === 'slow_scoring' ? { ...w, enter: 2000, leave: 1500 } : w))
    const other = await previewRules(installation, tenant, { ...policy, watches: calm }, range, () => {})
    expect(other.rules.map((r) => r.rule)).not.toContain('slow_scoring')
    expect(found.rules.map((r) => r.rule)).toContain('slow_scoring')
  })

  it('are decided anew by another generation, which tells nobody before readers see it', async () => {
    const { installation } = world
    const g = await beginGeneration(installation, {
      selection: EVERYTHING,
      models: {},
      rate: null,
      reason: 'test',
      now: START,
    })
    await tellWhatIsInForce(installation, START)
    const before = (await deliveries()).length
    await until(async () => isCaughtUp(await buildProgress(installation, g.id)))
    const first = await episodes()
    expect(first.length).toBe(4)
    await until(async () => (await episodes(g.id)).length >= first.length)
    expect((await episodes(g.id)).map((a) => [a.alert_id, a.state, a.held_back])).toEqual(
      first.map((a) => [a.alert_id, a.state, 'replayed']),
    )
    await switchGeneration(installation, g.id, START + 1)
    await send(new OpsRecords().metrics(at(100), at(120), { latency: took(900, 100) }))
    await until(async () => (await deliveries(g.id)).length > 0)
    expect((await deliveries(g.id)).flatMap((d) => d.items.map((i) => [i.rule, i.kind]))).toEqual([
      ['slow_scoring', 'firing'],
    ])
    expect((await deliveries()).length).toBe(before)
  })
})
