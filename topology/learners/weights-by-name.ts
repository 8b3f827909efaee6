/** Numbers by name as JSON holds them; in a list, since a name may be anything. */
export type ByName = readonly (readonly [name: string, value: number])[]

/** @throws Error that names the learner and the field, where it is no list of names with finite numbers */
export function checkByName(learner: string, field: string, value: unknown): void {
  const fits =
    Array.isArray(value) &&
    value.every(
      (pair) => Array.isArray(pair) && pair.length === 2 && typeof pair[0] === 'string' && Number.isFinite(pair[1]),
    )
  if (!fits)
    throw new Error(
      `The artefact of learner "${learner}" is damaged: "${field}" is no list of [name, number]. Fit it again.`,
    )
}
