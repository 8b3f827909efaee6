import type { Disposition, FoldOp } from '@mastery/schemas/src/generated/feature-record.gen.ts'
import { EVENT_KINDS } from '../../events/kinds.ts'
import { DEAD, EVIDENCE, GRADED, HELD, MET, NO_TIME, OUTRANKED, SERVER } from './ring.ts'
import type { WindowState } from './state.ts'
import { counts } from './windows.ts'

/** What an int holds: 24 days. */
const MOST_MS = 2 ** 31 - 1

/** What one event or command did to a student's state. */
export interface Applied {
  disposition: Disposition
  clamped: boolean
  ops: FoldOp[]
  /** Topics whose windows may have changed, by index. */
  topics: Set<number>
}

export function opAt(s: WindowState, i: number, op: 'insert' | 'remove'): FoldOp {
  const { ring, sets } = s
  return {
    op,
    event_hash: ring.id[i]!,
    occurred_at: ring.t[i]!,
    source_sequence: ring.seq[i]!,
    item_hash: ring.item[i]!,
    topics: sets.sets[ring.set[i]!]!.map((t) => sets.topics.names[t]!),
    score_micro: ring.value[i]!,
    kind: EVENT_KINDS[ring.kind[i]!]!,
    hints: ring.aux[i]!,
    response_ms: ring.response[i]! === NO_TIME ? -1 : Math.min(MOST_MS, ring.response[i]!),
  }
}

/**
 * Brings what the models hold in line with what counts, for one entry or, with an opportunity key, for all evidence of
 * that key: exactly one piece counts, the server's before the client's, then the first in fold order. `revalued` is an
 * entry whose value changed, so that it leaves and comes back. True where the opportunity has been met before.
 */
export function settle(s: WindowState, at: number, out: Applied, revalued = -1): boolean {
  const { ring } = s
  const { flags, opp: opps } = ring
  const opp = opps[at]!
  const held = ring.n
  const group: number[] = []
  if (opp === 0) group.push(at)
  else for (let i = 0; i < held; i++) if (opps[i] === opp && (flags[i]! & EVIDENCE) !== 0) group.push(i)
  return settleGroup(s, group, out, revalued)
}

/** The same for the entries of one opportunity, ascending. `beaten`: what counts is older than the ring. */
export function settleGroup(
  s: WindowState,
  group: readonly number[],
  out: Applied,
  revalued = -1,
  beaten = false,
): boolean {
  const { ring, sets } = s
  const { flags } = ring
  const touch = (i: number) => {
    for (const topic of sets.sets[ring.set[i]!]!) out.topics.add(topic)
  }
  let met = false
  let winner = -1
  for (const i of group) {
    if ((flags[i]! & MET) !== 0) met = true
    if ((flags[i]! & (GRADED | DEAD)) !== GRADED) continue
    if (beaten) continue
    if (winner < 0 || ((flags[i]! & SERVER) !== 0 && (flags[winner]! & SERVER) === 0)) winner = i
  }
  for (const i of group) {
    const before = flags[i]!
    flags[i] = (winner < 0 && !beaten) || i === winner ? before & ~OUTRANKED : before | OUTRANKED
    if (flags[i] !== before) touch(i)
  }
  for (const i of group) {
    if ((flags[i]! & HELD) === 0 || (counts(flags[i]!) && i !== revalued)) continue
    out.ops.push(opAt(s, i, 'remove'))
    flags[i] = flags[i]! & ~HELD
    touch(i)
  }
  for (const i of group) {
    if ((flags[i]! & HELD) !== 0 || !counts(flags[i]!)) continue
    out.ops.push(opAt(s, i, 'insert'))
    flags[i] = flags[i]! | HELD
    touch(i)
  }
  return met
}
