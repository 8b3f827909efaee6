import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import type { StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'
import { blankEvent } from '../../events/blank.ts'
import type { RejectCode } from '../../rejects/codes.ts'

/** What a reader needs from outside. */
export interface IntakeContext {
  tenant: string
  /** The tenant's own student id to its pseudonym: 32 hexadecimal digits, the same for the same id. */
  pseudonym(studentId: string): string
  /** UTC milliseconds; becomes observed_at. */
  receivedAt: number
}

/**
 * What became of one input. Closed, and exactly one per input. `id` is the source's own event id where it has one.
 * `ignored`: the input is sound and says nothing about a student's learning.
 * `unread` counts fields that the reader does not know: free text, names, misspelt ones.
 */
export type IntakeOutcome =
  | { type: 'event'; id: string; event: LearningEvent; unread: number }
  | { type: 'command'; id: string; command: StudentCommand; unread: number }
  | { type: 'ignored'; id: string | null; reason: string }
  | IntakeReject

/** `message` says what to do, names fields of the format and never repeats what stood in them. */
export interface IntakeReject {
  type: 'reject'
  id: string | null
  code: RejectCode
  message: string
  /** Pseudonym, where the input says whose it is; an erasure finds the bytes by it. */
  student: string | null
}

/** One format: a value as JSON.parse gives it, to its outcome. Never throws. */
export type IntakeReader = (input: unknown, context: IntakeContext) => IntakeOutcome

export type JsonObject = { readonly [name: string]: unknown }

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Sound documents are nested a dozen levels deep; beyond this, walking and printing them could exhaust the stack. */
export const DEEPEST = 64

/** Whether lists and objects are nested deeper than `DEEPEST`. Needs no stack of its own. */
export function nestedTooDeeply(value: unknown): boolean {
  const open: [value: unknown, depth: number][] = [[value, 0]]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [v, depth] = next
    if (typeof v !== 'object' || v === null) continue
    if (depth >= DEEPEST) return true
    for (const child of Object.values(v)) if (typeof child === 'object' && child !== null) open.push([child, depth + 1])
  }
  return false
}

/** An event of an input that came in: blank but for what it is about and when it was received. */
export function receivedEvent(
  context: IntakeContext,
  about: { id: string; student: string; kind: LearningEvent['kind']; at: number },
): LearningEvent {
  const event = blankEvent(about.id, context.tenant, context.pseudonym(about.student), about.kind, about.at)
  event.observed_at = context.receivedAt
  return event
}
