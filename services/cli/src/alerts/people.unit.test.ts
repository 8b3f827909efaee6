import { policyOf } from '@mastery/topology/testing/alert-log.ts'
import { describe, expect, it } from 'vitest'
import { namesPeople, UnknownPeople, withPseudonyms } from './people.ts'

const KEPT = { ids: { 'p-1': 'olga', 'p-2': 'carl' } }
const of = (people: Record<string, unknown> | null) => policyOf({ rules: [], ...(people === null ? {} : { people }) })

describe('people whom rules name', () => {
  it('stand in the policy under their pseudonyms', () => {
    const policy = of({ operators: ['olga'], content_owners: [{ users: ['carl', 'olga'], topics: ['fractions'] }] })
    expect(namesPeople(policy)).toBe(true)
    expect(withPseudonyms(policy, KEPT).people).toEqual({
      operators: ['p-1'],
      contentOwners: [{ users: ['p-2', 'p-1'], topics: ['fractions'] }],
    })
  })

  it('whom the roster does not have are all named, and nothing is put in force', () => {
    const policy = of({ operators: ['olga', 'ghost'], content_owners: [{ users: ['other', 'ghost'] }] })
    expect(() => withPseudonyms(policy, KEPT)).toThrow(UnknownPeople)
    expect(() => withPseudonyms(policy, KEPT)).toThrow(/"ghost", "other".*roster import/)
    expect(() => withPseudonyms(of({ operators: ['olga'] }), null)).toThrow(/"olga"/)
  })

  it('need no roster where nobody is named', () => {
    const policy = of(null)
    expect(namesPeople(policy)).toBe(false)
    expect(withPseudonyms(policy, null)).toBe(policy)
  })
})
