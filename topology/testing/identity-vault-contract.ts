import { describe, expect, it } from 'vitest'
import type { KeptRoster, RosterVault, TenantIdentities } from '../ports/identity-vault.ts'
import { bulk, check } from '../roster/testing/small.ts'

const ANN = { pseudonym: 'p-ann', name: 'Ann Doe', email: null, language: 'de' }
const DORA = { pseudonym: 'p-dora', name: 'Dora Doe', email: 'dora@mail.example', language: null }
const FIRST: TenantIdentities = { version: 'v1', people: [ANN, DORA], titles: [{ id: 'm6', title: 'Maths 6' }] }

/** What every identity vault keeps to. `again`: the same vault as another process opens it. `reads`: what its log has heard. */
export function identityVaultContract(
  open: () => Promise<{
    vault: RosterVault
    again: RosterVault
    reads(): readonly { tenant: string; reader: string }[]
  }>,
): void {
  const whole = () => {
    const { built, source, ids } = check(bulk())
    const kept: KeptRoster = { rows: source, ids }
    return { identities: { version: 'v1', people: built.people, titles: built.titles }, kept }
  }

  describe('identity vault', () => {
    it('gives what is asked for, of this tenant only, and leaves out who is not known', async () => {
      const { vault } = await open()
      await vault.replace('a', FIRST)
      expect(await vault.people('a', ['p-dora', 'p-nobody'], 'a test')).toEqual(new Map([['p-dora', DORA]]))
      expect(await vault.titles('a', ['m6', 'm7'], 'a test')).toEqual(new Map([['m6', 'Maths 6']]))
      expect(await vault.people('b', ['p-dora'], 'a test')).toEqual(new Map())
      expect(await vault.titles('b', ['m6'], 'a test')).toEqual(new Map())
      expect(await vault.roster('b', 'a test')).toBeNull()
    })

    it('replaces as a whole, and other processes see it', async () => {
      const { vault, again } = await open()
      await vault.replace('a', FIRST)
      expect((await again.people('a', ['p-ann'], 'a test')).size).toBe(1)
      await vault.replace('a', { version: 'v2', people: [DORA], titles: [] })
      for (const v of [vault, again]) {
        expect([...(await v.people('a', ['p-ann', 'p-dora'], 'a test')).keys()]).toEqual(['p-dora'])
        expect((await v.titles('a', ['m6'], 'a test')).size).toBe(0)
      }
      expect(await again.roster('a', 'a test')).toEqual({ version: 'v2', kept: null })
    })

    it('keeps the rows of the version in force', async () => {
      const { vault, again } = await open()
      const { identities, kept } = whole()
      await vault.replace('a', identities, kept)
      expect(await again.roster('a', 'a test')).toEqual({ version: 'v1', kept })
    })

    it('forgets people for good, in the rows too, and says how many were there', async () => {
      const { vault, again } = await open()
      const { identities, kept } = whole()
      await vault.replace('a', identities, kept)
      await vault.replace('b', identities, kept)
      expect(await vault.forget('a', ['p-ann', 'p-dora', 'p-nobody'])).toBe(2)
      expect(await again.forget('a', ['p-ann'])).toBe(0)
      expect(await vault.forget('c', ['p-ann'])).toBe(0)
      expect([...(await again.people('a', ['p-ann', 'p-dora', 'p-ben'], 'a test')).keys()]).toEqual(['p-ben'])
      const left = JSON.stringify(await again.roster('a', 'a test'))
      expect(left).not.toMatch(/ann|dora/i)
      expect(left).toMatch(/ben/)
      expect((await vault.people('b', ['p-ann'], 'a test')).size).toBe(1)
    })

    it('tells who read, and nothing of what', async () => {
      const { vault, reads } = await open()
      await vault.replace('a', FIRST)
      await vault.people('a', ['p-ann'], 'notify: delivery')
      await vault.titles('a', ['m6'], 'notify: delivery')
      await vault.roster('a', 'an operator')
      expect(reads().map((r) => `${r.tenant} ${r.reader}`)).toEqual([
        'a notify: delivery',
        'a notify: delivery',
        'a an operator',
      ])
      expect(JSON.stringify(reads())).not.toMatch(/p-ann|Doe|m6|Maths/)
    })

    it('readers beside a writer see one version or the other, whole', async () => {
      const { vault, again } = await open()
      const version = (n: number): TenantIdentities => ({
        version: `v${n}`,
        people: [ANN, DORA].map((p) => ({ ...p, name: `${n}` })),
        titles: [],
      })
      await vault.replace('a', version(0))
      let writing = true
      const reader = async () => {
        const seen = new Set<string>()
        while (writing) {
          const names = [...(await again.people('a', ['p-ann', 'p-dora'], 'a test')).values()].map((p) => p.name)
          expect(names).toHaveLength(2)
          expect(names[0]).toBe(names[1])
          seen.add(names[0]!)
        }
        return seen
      }
      const reading = reader()
      for (let n = 1; n <= 30; n++) await vault.replace('a', version(n))
      writing = false
      expect((await reading).size).toBeGreaterThan(1)
    })
  })
}
