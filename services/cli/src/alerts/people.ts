import type { AlertPolicy } from '@mastery/topology/alerts/policy.ts'
import type { KeptRoster } from '@mastery/topology/ports/identity-vault.ts'

/** People whom rules name and the roster does not know. */
export class UnknownPeople extends Error {
  override name = 'UnknownPeople'
}

export const namesPeople = ({ people }: Pick<AlertPolicy, 'people'>): boolean =>
  people.operators !== null || people.contentOwners.length > 0

/**
 * The policy with pseudonyms where its file has sourcedIds, so that none of these comes into a topic.
 * @throws UnknownPeople that says who is not in the roster
 */
export function withPseudonyms(policy: AlertPolicy, kept: Pick<KeptRoster, 'ids'> | null): AlertPolicy {
  if (!namesPeople(policy)) return policy
  const pseudonyms = new Map(Object.entries(kept?.ids ?? {}).map(([pseudonym, id]) => [id, pseudonym]))
  const unknown = new Set<string>()
  const of = (ids: readonly string[]) =>
    ids.flatMap((id) => {
      const pseudonym = pseudonyms.get(id)
      if (pseudonym === undefined) unknown.add(id)
      return pseudonym ?? []
    })
  const { operators, contentOwners } = policy.people
  const people = {
    operators: operators === null ? null : of(operators),
    contentOwners: contentOwners.map((o) => ({ ...o, users: of(o.users) })),
  }
  if (unknown.size > 0)
    throw new UnknownPeople(
      `The section "people" names ${[...unknown].map((id) => `"${id}"`).join(', ')}, whom the roster in force does not have. Give sourcedIds of its users.csv, or import a roster that has them: "npx mastery roster import PATH".`,
    )
  return { ...policy, people }
}
