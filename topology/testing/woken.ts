import type { AnyStage, StageRecord, Woken } from '../stage.ts'

/** The states that a record wakes, found by asking every one: what an index of them has to agree with. */
export function wokenBy(
  stage: AnyStage,
  record: StageRecord,
  states: ReadonlyMap<string, unknown>,
  meta: unknown,
): Woken<unknown>[] {
  const { wakes } = stage
  const now = wakes?.timeOf(record, meta) ?? null
  if (!wakes || now === null) return []
  const due = [...states].map(([key, state]) => ({ key, state, at: wakes.dueOf(state, meta) }))
  return due
    .filter(({ at }) => at <= now)
    .sort((a, b) => a.at - b.at || (a.key < b.key ? -1 : 1))
    .slice(0, wakes.most)
    .map(({ key, state }) => ({ key, state }))
}
