import type { TopicFeatures } from '@mastery/schemas/src/generated/feature-record.gen.ts'
import type { StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'
import { hash53 } from '../../events/hash.ts'
import { type Checkpoint, readCheckpoint } from '../../history/checkpoint.ts'
import type { RejectCode } from '../../rejects/codes.ts'
import { applyCorrection } from './apply.ts'
import { micro } from './entry.ts'
import type { Applied } from './settle.ts'
import { type Correction, EARLIER_COMMANDS, type Erasure, WINDOW_STATE, WindowState } from './state.ts'

/** What a command did; `refused` says why it could not be carried out, and that nothing changed. */
export interface Commanded extends Applied {
  refused?: { code: RejectCode; message: string }
  /** The scoring stage's part of an installed checkpoint. */
  checkpoint?: Uint8Array
  /** Rows that can't be computed from the state, by topic. */
  rows?: ReadonlyMap<string, TopicFeatures>
}

const nothing = (disposition: Applied['disposition']): Commanded => ({
  disposition,
  clamped: false,
  ops: [],
  topics: new Set(),
})

function refuse(code: RejectCode, message: string): Commanded {
  return { ...nothing('ignored'), refused: { code, message } }
}

/** Carries out a command on one student's state. Decides before it changes anything. */
export function applyCommand(s: WindowState, c: StudentCommand): Commanded {
  switch (c.kind) {
    case 'void':
    case 'correction': {
      const correction = correctionOf(c)
      if (correction === null)
        return refuse(
          'bad_command',
          `A ${c.kind} needs a target event, and a correction the right score. Send it again.`,
        )
      // Whatever it meant has been erased.
      if (s.erasure?.floor === Number.POSITIVE_INFINITY) return nothing('erased')
      return applyCorrection(s, correction)
    }
    case 'erase':
      return erase(s, c)
    case 'readmit':
      return readmit(s, c)
    case 'rebuild':
      s.stale = true
      return nothing('rebuild_wanted')
    case 'install_checkpoint':
      return install(s, c)
    case 'warm':
      return warm(s, c)
    default:
      return refuse(
        'unsupported_command',
        `This build does not know the command "${c.kind}". It is kept; replay it after an upgrade.`,
      )
  }
}

export function correctionOf(c: StudentCommand): Correction | null {
  if (c.target_event_id === null) return null
  const base = { target: hash53(c.target_event_id), at: c.issued_at, id: hash53(c.command_id) }
  if (c.kind === 'void') return { ...base, value: null }
  if (c.kind !== 'correction') return null
  const value = c.score !== null ? micro(c.score) : c.correct === null ? null : c.correct ? 1_000_000 : 0
  return value === null ? null : { ...base, value }
}

/** What an erasure that follows another remembers of what was carried out before it. */
function earlierOf(e: Erasure): number[] {
  const readmitted = e.floor !== Number.POSITIVE_INFINITY
  return [...e.earlier, e.eraseId, ...(readmitted ? [e.readmitId] : [])].slice(-EARLIER_COMMANDS)
}

/** Nothing of the student stays but what is needed to keep it out: late events, repeats of the command. */
function erase(s: WindowState, c: StudentCommand): Commanded {
  const id = hash53(c.command_id)
  const before = s.erasure
  if (before?.eraseId === id || before?.earlier.includes(id)) return nothing('duplicate')
  const earlier = before === null ? [] : earlierOf(before)
  Object.assign(s, new WindowState())
  s.erasure = {
    floor: Number.POSITIVE_INFINITY,
    at: c.issued_at,
    eraseId: id,
    readmitId: before?.readmitId ?? 0,
    earlier,
  }
  const out = nothing('erased')
  out.ops.push({
    op: 'reset',
    event_hash: id,
    occurred_at: c.issued_at,
    source_sequence: 0,
    item_hash: 0,
    topics: [],
    score_micro: 0,
    kind: 'other',
    hints: 0,
    response_ms: -1,
  })
  return out
}

/** Events after the readmission count; what is older stays out for good. */
function readmit(s: WindowState, c: StudentCommand): Commanded {
  const id = hash53(c.command_id)
  const e = s.erasure
  if (e === null || e.readmitId === id || e.earlier.includes(id) || e.floor !== Number.POSITIVE_INFINITY)
    return nothing('duplicate')
  e.floor = Math.max(e.at, c.issued_at)
  e.readmitId = id
  return nothing('readmitted')
}

/** Concerns the models alone: what they would know under versions to come, from a history that holds all of this state. */
function warm(s: WindowState, c: StudentCommand): Commanded {
  if (s.erasure?.floor === Number.POSITIVE_INFINITY) return nothing('outdated')
  if (c.payload === null) return nothing('warmed')
  if (s.lastOffset > (c.after_offset ?? -1)) return nothing('outdated')
  return { ...nothing('warmed'), checkpoint: c.payload }
}

/**
 * Puts a state that was folded from the whole history in the place of this one, provided that the history holds every
 * record that this state has seen. Otherwise the job that made it has to read again: nothing is merged here.
 */
function install(s: WindowState, c: StudentCommand): Commanded {
  if (c.after_offset === null)
    return refuse('bad_checkpoint', 'A checkpoint needs the offset that it reaches. Rebuild the student again.')
  if (c.payload === null) {
    // Read back from gold, which keeps that there was one and not its bytes.
    s.stale = true
    return nothing('rebuild_wanted')
  }
  if (s.lastOffset > c.after_offset) return nothing('outdated')
  let checkpoint: Checkpoint
  let windows: WindowState
  try {
    checkpoint = readCheckpoint(c.payload)
    windows = WINDOW_STATE.decode(checkpoint.windows, c.student)
  } catch (e) {
    return refuse('bad_checkpoint', `The checkpoint can't be read: ${(e as Error).message} Rebuild the student again.`)
  }
  // Topics that the student no longer has anything on get a row that says so.
  for (const name of [...s.sets.topics.names, ...c.topics]) windows.sets.topics.of(name)
  Object.assign(s, windows)
  s.stale = false
  const rows = new Map(checkpoint.rows.map((r) => [r.topic, r]))
  const out: Commanded = { ...nothing('installed'), checkpoint: checkpoint.scores, rows }
  for (let t = 0; t < s.sets.topics.names.length; t++) out.topics.add(t)
  return out
}
