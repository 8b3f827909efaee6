import type { Instance } from './machine.ts'

/** What somebody does not want to hear of for a while: a rule on one thing. */
export interface Silence {
  tenant: string
  rule: string
  subject: string
  /** UTC milliseconds. */
  until: number
}

type Thing = Pick<Instance, 'tenant' | 'rule' | 'subject'>

export const isOf = (s: Thing, i: Thing): boolean =>
  s.tenant === i.tenant && s.rule === i.rule && s.subject === i.subject

/** Until when nothing is said of it, UTC milliseconds; 0: it may be told. */
export const silentUntil = (silences: readonly Silence[], i: Thing): number =>
  silences.find((s) => isOf(s, i))?.until ?? 0
