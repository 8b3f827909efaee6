import { isUtf8 } from 'node:buffer'
import type { RejectCode } from '../../rejects/codes.ts'
import type { Stage, StageOutput, StateCodec, StepResult } from '../../stage.ts'
import { normalise } from './normalise.ts'
import { type IntakeOutcome, isObject } from './outcome.ts'

/** Producers on the log may send records of this many bytes. */
const RECORD_BYTES = 256 * 1024

export interface IntakeTenants {
  tenants: readonly string[]
  /** The tenant's own student id to its pseudonym. */
  pseudonym(tenant: string, studentId: string): string
  /** Told of every record whose tenant is known: whether it was taken, or could not be read. For counts only. */
  noted?(tenant: string, accepted: boolean): void
}

const NOTHING: StateCodec<null> = { empty: () => null, encode: () => new Uint8Array(1), decode: () => null }

/**
 * learning.intake to learning.events: the collector's reader for producers that speak the log instead of HTTP. Each
 * record is one JSON object in the own format with a `tenant` field. Its students stand in no partition yet, so that
 * outputs go to the partition of their key.
 */
export function intakeStage(to: IntakeTenants): Stage<null, null> {
  const known = new Set(to.tenants)

  function read(bytes: Uint8Array, receivedAt: number): IntakeOutcome {
    if (bytes.length > RECORD_BYTES)
      return reject('record_too_large', `The record has ${bytes.length} bytes: send at most ${RECORD_BYTES}.`)
    if (!isUtf8(bytes)) return reject('bad_utf8', 'The bytes are no UTF-8: send JSON in UTF-8.')
    let json: unknown
    try {
      json = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'))
    } catch {
      return reject('malformed_json', 'The record is no JSON: send one JSON object per record.')
    }
    if (!isObject(json))
      return reject('not_an_object', 'An event is a JSON object: send one {"tenant": ..., "id": ..., ...} per record.')
    const tenant = Object.hasOwn(json, 'tenant') ? json['tenant'] : undefined
    if (typeof tenant !== 'string' || !known.has(tenant))
      return reject(
        'unknown_tenant',
        'tenant is missing or not in the tenants file: send the name of the organisation.',
      )
    const outcome = normalise(json, { tenant, receivedAt, pseudonym: (studentId) => to.pseudonym(tenant, studentId) })
    if (outcome.type !== 'ignored') to.noted?.(tenant, outcome.type !== 'reject')
    return outcome
  }

  return {
    name: 'intake',
    inputs: ['learning.intake'],
    outputs: ['learning.events'],
    state: NOTHING,
    meta: NOTHING,
    keyOf: () => null,
    step(record) {
      const outcome = read(record.value as Uint8Array, Math.max(0, Math.round(record.timestamp ?? 0)))
      switch (outcome.type) {
        case 'event':
          return ok({ ...TO_EVENTS, subject: 'learning-event', key: outcome.event.student, value: outcome.event })
        case 'command':
          return ok({ ...TO_EVENTS, subject: 'student-command', key: outcome.command.student, value: outcome.command })
        case 'ignored':
          return { type: 'drop', reason: outcome.reason }
        case 'reject':
          return { type: 'dead_letter', code: outcome.code, message: outcome.message, student: outcome.student }
      }
    },
  }
}

const TO_EVENTS = { topic: 'learning.events', byKey: true } as const

function ok(output: StageOutput): StepResult {
  return { type: 'ok', outputs: [output] }
}

function reject(code: RejectCode, message: string): IntakeOutcome {
  return { type: 'reject', id: null, code, message, student: null }
}
