import { checkpointsSql, HISTORY } from '@mastery/infra/provision/gold/checkpoints.ts'
import type { PinnedModel, Selection } from '@mastery/topology/generations/generation.ts'
import type { EventLog } from '@mastery/topology/ports/event-log.ts'
import type { GoldStore } from '@mastery/topology/ports/gold-store.ts'
import { inForce } from '@mastery/topology/stages/scoring/in-force.ts'
import { SCORE_META } from '@mastery/topology/stages/scoring/meta.ts'

/** What a replay can do about events that neither gold nor the log has any more. */
export interface ExpiredSelected {
  /** Students with such events: they begin from their checkpoint. */
  students: number
  /** Events that their checkpoints stand for. */
  events: number
  /** Why the replay is not possible for them, and what to do; null where it is. */
  refused: string | null
}

interface Group {
  p: number
  versions: string[]
  mixed: boolean
  /** Activations of models that lie before the checkpoints' place. */
  passed: number
  students: number
  events: number
}

interface Activation {
  p: number
  o: number
  name: string
  version: string
}

/**
 * Students of a selection of whom events have expired and are not in the log either, and whether a new generation can
 * begin from their checkpoints: its scores have to be of the versions that the generation computes with there.
 */
export async function expiredSelected(
  log: EventLog,
  gold: Pick<GoldStore, 'query'>,
  selection: Selection,
  models: Readonly<Record<string, PinnedModel>>,
): Promise<ExpiredSelected> {
  const partitions = await log.partitions('learning.events')
  const starts = await Promise.all(
    Array.from({ length: partitions }, async (_, p) => (await log.bounds('learning.events', p)).start),
  )
  const activations = await gold.query<Activation>(
    `SELECT DISTINCT src_partition AS p, src_offset AS o, name, version FROM markers
     WHERE action = 'activate' AND subject IN ('model', 'policy') ORDER BY p, o`,
  )
  const of = (p: number) => activations.filter((a) => a.p === p)
  const offsets = Array.from(
    { length: partitions },
    (_, p) =>
      `[${of(p)
        .map((a) => `toUInt64(${a.o})`)
        .join(', ')}]`,
  )
  const rows = checkpointsSql(
    'student_id, src_partition, first_offset, last_offset, events, model_versions, mixed',
    `stage = '${HISTORY}'${selection.students ? ' AND student_id IN {students:Array(String)}' : ''}`,
    0,
  )
  const groups = await gold.query<Group>(
    `SELECT src_partition AS p, model_versions AS versions, mixed,
      arrayCount(o -> o < last_offset, [${offsets.join(', ')}][p + 1]) AS passed,
      count() AS students, sum(events) AS events
     FROM (${rows}) WHERE first_offset < {starts:Array(UInt64)}[src_partition + 1]
     GROUP BY p, versions, mixed, passed ORDER BY ALL`,
    { starts, ...(selection.students ? { students: selection.students } : {}) },
  )
  const sum = (of: 'students' | 'events') => groups.reduce((n, g) => n + Number(g[of]), 0)
  return {
    students: sum('students'),
    events: sum('events'),
    refused: refusal(groups, selection, models, of),
  }
}

function refusal(
  groups: readonly Group[],
  s: Selection,
  models: Readonly<Record<string, PinnedModel>>,
  activations: (partition: number) => Activation[],
): string | null {
  if (groups.length === 0) return null
  if ([s.fromTime, s.toTime, s.fromOffsets, s.toOffsets].some((limit) => limit !== null))
    return 'A checkpoint holds what all of the expired events come to, and no part of it: leave out --from and --to, or give --students without such events.'
  for (const g of groups) {
    const active = new Map(
      activations(g.p)
        .slice(0, Number(g.passed))
        .map((a) => [a.name, { version: a.version, payload: null }]),
    )
    for (const [name, pinned] of Object.entries(models)) active.set(name, { version: pinned.version, payload: null })
    const { versions } = inForce({ ...SCORE_META.empty(''), active })
    const other = g.versions.filter((v) => !versions.includes(v))
    const pinned = Object.keys(models).length > 0
    if (other.length > 0)
      return `The checkpoints of ${Number(g.students).toLocaleString('en')} students hold scores of ${other.join(', ')}, and this generation would compute with ${versions.filter((v) => !g.versions.includes(v)).join(', ')} there. Their events are gone, so that nothing else can be computed from them: give --model for ${other.join(', ')}, or --students without expired events.`
    if (g.mixed && pinned)
      return `A part of the scores in the checkpoints of ${Number(g.students).toLocaleString('en')} students was computed with other versions than --model asks for from the first event on; their events are gone. Leave out --model, or give --students without expired events.`
  }
  return null
}
