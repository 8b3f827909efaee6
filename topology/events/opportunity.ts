import { hash128 } from './hash.ts'

/** What identifies one opportunity: the same item in another context, or another attempt at it, is another opportunity. */
export interface OpportunityParts {
  tenant: string
  /** Pseudonym. */
  student: string
  sourceSystem: string
  /** xAPI registration, Caliper attempt, assignment or session; empty where the source has none. */
  context: string
  /** The item, or the source's row where it names no item. */
  itemOrRow: string
  /** 1-based. */
  attempt: number
}

/** 32 hexadecimal digits. Only for sources that give an attempt number; others leave `opportunity_key` null. */
export function opportunityKey(p: OpportunityParts): string {
  return hash128('opportunity', p.tenant, p.student, p.sourceSystem, p.context, p.itemOrRow, String(p.attempt))
}
