import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { privacyParts } from '@mastery/api/src/privacy/open.ts'
import { type Forgotten, forgetInRoster } from '@mastery/api/src/roster/forget.ts'
import { importRoster } from '@mastery/api/src/roster/import.ts'
import { relationsOf, rosterVersions, versionInForce } from '@mastery/api/src/roster/in-force.ts'
import { type RosterParts, withRoster } from '@mastery/api/src/roster/parts.ts'
import { pseudonymiser } from '@mastery/infra/config/secrets.ts'
import { ensureVaultKey } from '@mastery/infra/config/vault-keys.ts'
import { LeaseHeld } from '@mastery/infra/runtime/lease.ts'
import { bulk, delta, SMALL, user } from '@mastery/topology/roster/testing/small.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { World } from './world.ts'

let world: World
let now = Date.UTC(2026, 8, 1)

class Killed extends Error {}

/** A step of publishing at which the process ends, before it is done or after. */
type Step = 'artefact' | 'gold' | 'vault' | 'prepare' | 'activate'
const STEPS: readonly Step[] = ['artefact', 'gold', 'vault', 'prepare', 'activate']

/** The parts, as a process has them that is killed when it comes to the step. */
function killedAt(parts: RosterParts, step: Step | null): RosterParts {
  let markers = 0
  const die = (at: Step) => {
    if (at === step) throw new Killed(at)
  }
  const { artefacts, gold, vault, log } = parts
  return {
    ...parts,
    artefacts: {
      publish: async (m, f) => {
        die('artefact')
        return artefacts.publish(m, f)
      },
      list: (m) => artefacts.list(m),
      read: (m, v) => artefacts.read(m, v),
    },
    gold: new Proxy(gold, {
      get: (of, name) =>
        name === 'insert'
          ? async (batches: Parameters<typeof gold.insert>[0]) => {
              if (batches.some((b) => b.table === 'class_teachers')) die('gold')
              return of.insert(batches)
            }
          : (Reflect.get(of, name) as unknown as (...a: unknown[]) => unknown).bind(of),
    }),
    vault: {
      replace: async (t, i, r) => {
        die('vault')
        return vault.replace(t, i, r)
      },
      people: (t, p, r) => vault.people(t, p, r),
      titles: (t, i, r) => vault.titles(t, i, r),
      forget: (t, p) => vault.forget(t, p),
      roster: (t, r) => vault.roster(t, r),
    },
    log: new Proxy(log, {
      get: (of, name) =>
        name === 'append'
          ? async (records: Parameters<typeof log.append>[0]) => {
              die(markers++ === 0 ? 'prepare' : 'activate')
              return of.append(records)
            }
          : (Reflect.get(of, name) as unknown as (...a: unknown[]) => unknown).bind(of),
    }),
  }
}

function on<T>(step: Step | null, work: (parts: RosterParts) => Promise<T>): Promise<T> {
  const tenant = world.installation.secrets.tenants[0]!
  const who = { tenant, reader: 'a test', role: 'operator', check: () => world.pipeline.check() }
  return withRoster(world.installation, world.gold, who, (parts) =>
    work(killedAt({ ...parts, now: () => ++now }, step)),
  )
}

const pseudonym = (id: string) => pseudonymiser(world.installation.secrets.tenants[0]!)(id)
const imported = (step: Step | null, files = bulk()) => on(step, (p) => importRoster(p, files, null, false))
const names = (ids: readonly string[]) =>
  on(null, async (p) =>
    [...(await p.vault.people('school', ids.map(pseudonym), 'a test')).values()].map((i) => i.name).sort(),
  )
const inForce = () => on(null, (p) => versionInForce(p.gold, 'school'))

describe('a roster whose import is killed', { timeout: 120_000 }, () => {
  beforeAll(async () => {
    world = await World.open()
    const { installation } = world
    ensureVaultKey(installation.profile.tenantsFile, installation.secrets, 'school', 0)
  }, 60_000)
  afterAll(() => world?.close())

  it('at any step is not in force, and is after it was imported again', async () => {
    for (const [i, step] of STEPS.entries()) {
      const files = bulk({ users: SMALL.users.map((u) => ({ ...u, familyName: `Kill${i}` })) })
      const before = await inForce()
      await expect(imported(step, files)).rejects.toThrow(Killed)
      await world.drained()
      expect([step, await inForce()]).toEqual([step, before])
      const done = await imported(null, files)
      expect([step, done.status]).toEqual([step, 'in force'])
      expect(await inForce()).toBe(done.version)
      expect(await names(['ann'])).toEqual([`Ann Kill${i}`])
      expect((await imported(null, files)).status).toBe('same')
      const relations = await on(null, (p) => relationsOf(p.artefacts, 'school', done.version))
      expect(relations.users.map((u) => u.pseudonym)).toContain(pseudonym('ann'))
    }
    const versions = await rosterVersions(world.gold, 'school')
    expect(versions).toHaveLength(STEPS.length)
    expect(versions.filter((v) => v.in_force)).toHaveLength(1)
    const rows = await world.gold.query<{ n: number }>('SELECT count() AS n FROM v_class_teachers')
    expect(Number(rows[0]!.n)).toBe(3)
  })

  it('keeps its files to its owner, and its lease to one import at a time', async () => {
    expect(existsSync(join(world.dir, 'vault/school.vault'))).toBe(true)
    const two = await Promise.allSettled([
      imported(null, delta({ users: [user('ann', { familyName: 'One', agentSourcedIds: 'dora' })] })),
      imported(null, delta({ users: [user('ben', { familyName: 'Two', agentSourcedIds: 'dora' })] })),
    ])
    const refused = two.filter((r) => r.status === 'rejected')
    expect(refused).toHaveLength(1)
    expect(refused[0]!.reason).toBeInstanceOf(LeaseHeld)
  })

  it('forgets somebody at last, whatever step it was killed at', async () => {
    for (const step of STEPS) {
      await imported(null)
      expect(await names(['cem', 'fay'])).toEqual(['Cem Doe', 'Fay Doe'])
      await expect(on(step, (p) => forgetInRoster(p, pseudonym('cem')))).rejects.toThrow(Killed)
      await world.drained()
      const done: Forgotten = await on(null, (p) => forgetInRoster(p, pseudonym('cem')))
      expect([step, done.reached, await names(['cem', 'fay'])]).toEqual([step, true, []])
      const version = (await inForce())!
      const relations = await on(null, (p) => relationsOf(p.artefacts, 'school', version))
      expect(JSON.stringify(relations)).not.toContain(pseudonym('cem'))
      expect(JSON.stringify(relations)).not.toContain(pseudonym('fay'))
      expect(await on(null, (p) => forgetInRoster(p, pseudonym('cem')))).toMatchObject({ person: false, version: null })
    }
  })

  it('tells in the receipt what could not be done, and does it later', async () => {
    await imported(null)
    const { eraseStudent, receiptOf } = await import('@mastery/api/src/privacy/erase.ts')
    const parts = privacyParts(world.installation, world.gold, { check: () => world.pipeline.check() })
    const of = { tenant: 'school', student: pseudonym('cem') }
    const away = { ...parts, roster: { ...parts.roster!, forget: () => Promise.reject(new Error('the disk is away')) } }
    const first = await eraseStudent(away, of, null)
    expect([first.status, first.roster.checked]).toEqual(['pending', false])
    expect(first.waiting_for).toContain('the roster and the identity vault: the disk is away')
    expect(await names(['cem'])).toEqual(['Cem Doe'])
    const later = await receiptOf(parts, first.receipt_id, 'school')
    expect(later).toMatchObject({ status: 'complete', roster: { checked: true, person: true, guardians: 1 } })
    expect(await names(['cem', 'fay'])).toEqual([])
  })
})
