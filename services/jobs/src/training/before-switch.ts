import type { RepairParts } from '../rebuild/parts.ts'
import { rebuildStudents } from '../rebuild/rebuild.ts'
import { ActivationError } from './activation-error.ts'
import { type Histories, historiesOf } from './histories.ts'
import { standingOf } from './scored-states.ts'
import { settleStudents, type WarmOutcome, warmStudents } from './warm.ts'

export type WarmPhase = 'preparing' | 'settling' | 'rebuilding'

/** What became of students whose history is longer than what their states keep. */
export interface Rewarmed {
  /** Students with answers, and the answers of the one who has most. */
  students: number
  longest: number
  /** Students whose states have let answers go. */
  long: number
  /** Of these, prepared from the whole history before the switch. */
  prepared: number
  /** Of these, rebuilt from the history after the switch, since they could not be prepared. */
  rebuilt: number
  /** Of these, those with expired events: what these came to stays as earlier versions made it. */
  expired: number
  /** Of these, not brought to the version: they wait for a rebuild, or begin with what is kept. */
  left: number
  fromRing: boolean
}

interface Options {
  fromRing?: boolean
  progress?(phase: WarmPhase, done: number, total: number): void
}

/** Rounds in which students are looked for who have outgrown their state meanwhile. */
const ROUNDS = 5

/**
 * Prepares whoever needs it for the prepared version of a model.
 * @throws ActivationError where students could not be prepared; nothing is in force then
 */
export async function prepareStudents(parts: RepairParts, model: string, options: Options): Promise<Rewarmed> {
  let histories = await historiesOf(parts)
  if (options.fromRing) {
    const { long } = await standingOf(parts, histories.near)
    return rewarmed(histories, { long, left: long, fromRing: true })
  }
  const outcomes = new Map<string, WarmOutcome>()
  const many = (of: (o: WarmOutcome) => boolean) => [...outcomes.values()].filter(of).length
  for (let round = 1; round <= ROUNDS; round++) {
    const before = many((o) => o === 'ready')
    for (const [student, outcome] of await warmStudents(parts, model, histories.near, (done, total) =>
      options.progress?.('preparing', done, total),
    ))
      outcomes.set(student, outcome)
    const late = many((o) => o === 'outdated')
    if (late > 0)
      throw new ActivationError(
        `${late} students got new answers faster than their histories could be folded, so that they could not be prepared. Nothing was activated, and what is prepared stays: start it again when less comes in, or begin with what states keep, with --from-ring.`,
      )
    if (many((o) => o === 'ready') === before) break
    histories = await historiesOf(parts)
  }
  return rewarmed(histories, {
    long: many((o) => o !== 'at_hand'),
    prepared: many((o) => o === 'ready'),
    expired: many((o) => o === 'expired'),
  })
}

/** After the switch: the rows of whoever was near to it, and rebuilds of those whom nothing could be prepared for. */
export async function settleAll(
  parts: RepairParts,
  model: string,
  prepared: Rewarmed,
  options: Options,
): Promise<Rewarmed> {
  if (prepared.fromRing) return prepared
  const { near } = await historiesOf(parts)
  const reason = `Brought to the version of ${model} that is in force.`
  const waiting = await settleStudents(parts, near, reason, (done, total) =>
    options.progress?.('settling', done, total),
  )
  const results = await rebuildStudents(
    parts,
    waiting.map((student) => ({ student })),
    { reason, progress: (done, total) => options.progress?.('rebuilding', done, total) },
  )
  const rebuilt = [...results.values()].filter((r) => r.outcome === 'installed').length
  return { ...prepared, rebuilt, left: waiting.length - rebuilt }
}

/** For a version that is in force: brings those to it who began with what their states kept. Null where nobody did. */
export async function broughtLater(parts: RepairParts, model: string, options: Options): Promise<Rewarmed | null> {
  const histories = await historiesOf(parts)
  const { long, due, cut } = await standingOf(parts, histories.near)
  if (due + cut === 0) return null
  return settleAll(parts, model, rewarmed(histories, { long, prepared: long - cut }), options)
}

function rewarmed({ students, longest }: Histories, found: Partial<Rewarmed> & { long: number }): Rewarmed {
  return { students, longest, prepared: 0, rebuilt: 0, expired: 0, left: 0, fromRing: false, ...found }
}
