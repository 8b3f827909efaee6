import type { History } from '@mastery/infra/runtime/history.ts'
import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import type { EventLog, LogAppend } from '@mastery/topology/ports/event-log.ts'
import type { StateCommit, StateScope, StateStore } from '@mastery/topology/ports/state-store.ts'
import type { AnyStage } from '@mastery/topology/stage.ts'
import type { DriftMeta } from '@mastery/topology/stages/drift/meta.ts'
import { Marks } from '@mastery/topology/stages/marks.ts'
import { CODEC } from './sim-codec.ts'

/** Ways in which the system can be broken on purpose, to see that the simulation finds them. */
export const MUTANTS = {
  'skip-fence': 'the state store takes commits of replaced owners, at whatever offset',
  'drop-late': 'the features stage drops events that are older than the newest of their student',
  'commit-before-produce': 'state and offset are committed before the outputs are in the log',
  'double-insert': 'gold adds the rows of a repeated insert instead of replacing them',
  'lost-marker': 'now and then a marker is not forwarded to the topic of the next stage',
  'lossy-history': 'what is read from gold in place of the log lacks the commands',
  'one-branch':
    'where a generation has more partitions, ticks and markers reach only one of those with the same source',
  'late-after-erase': 'gold does not keep whom it has erased: after a crash it takes late records of them',
  'count-twice': 'the drift stage counts what it was sent again',
} as const

export type Mutant = keyof typeof MUTANTS

export function mutantStage(mutant: Mutant | null, stage: AnyStage): AnyStage {
  if (mutant === 'one-branch' && stage.name === 'features') return oneBranch(stage)
  if (mutant === 'count-twice' && stage.name === 'drift') return countingTwice(stage)
  if (mutant !== 'drop-late' || stage.name !== 'features') return stage
  return {
    ...stage,
    step(record, state, meta) {
      if (record.subject === 'learning-event') {
        const { ring } = state as { ring: { n: number; t: Float64Array } }
        const newest = ring.n > 0 ? ring.t[ring.n - 1]! : Number.NEGATIVE_INFINITY
        if ((record.value as LearningEvent).occurred_at < newest) return { type: 'drop', reason: 'late' }
      }
      return stage.step(record, state, meta)
    },
  }
}

function countingTwice(stage: AnyStage): AnyStage {
  return {
    ...stage,
    step(record, state, meta) {
      for (const source of (meta as DriftMeta).sources.values()) source.marks = new Marks()
      return stage.step(record, state, meta)
    },
  }
}

function oneBranch(stage: AnyStage): AnyStage {
  return {
    ...stage,
    step(...given) {
      const result = stage.step(...given)
      if (result.type === 'ok') for (const o of result.outputs) delete o.broadcast
      return result
    },
  }
}

export function mutantHistory(mutant: Mutant | null, history: History): History {
  if (mutant !== 'lossy-history') return history
  return async (...range) =>
    (await history(...range)).filter((r) => CODEC.decode(r.value).subject !== 'student-command')
}

const markerId = (r: LogAppend) => {
  try {
    const { subject, value } = CODEC.decode(r.value)
    return subject === 'marker' ? (value as { marker_id: string }).marker_id : null
  } catch {
    return null
  }
}

/** Methods of `base`, some of them replaced. */
function over<T extends object>(base: T, changes: Partial<T>): T {
  return Object.assign(Object.create(base) as T, changes)
}

/** The ports of one process, broken as the mutant says. `service` names whose process it is. */
export function mutantPorts(
  mutant: Mutant | null,
  service: string,
  log: EventLog,
  state: StateStore,
): { log: EventLog; state: StateStore } {
  if (mutant === 'lost-marker' && service === 'features') {
    const loses = (r: LogAppend) => r.topic === 'learning.features' && r.partition === 1 && /2$/.test(markerId(r) ?? '')
    return {
      state: over(state, {
        commit: (scope: StateScope, c: StateCommit) =>
          state.commit(scope, { ...c, outputs: c.outputs.filter((r) => !loses(r)) }),
      }),
      log: over(log, {
        append: async (records: readonly LogAppend[]) => {
          const kept = records.filter((r) => !loses(r))
          if (kept.length > 0) await log.append(kept)
        },
      }),
    }
  }
  if (mutant === 'late-after-erase' && service === 'gold')
    return { log, state: over(state, { commit: (scope, c) => state.commit(scope, { ...c, changes: [] }) }) }
  if (mutant === 'commit-before-produce' && (service === 'features' || service === 'scoring')) {
    const held = new Map<number, LogAppend[]>()
    return {
      log: over(log, {
        append: async (records: readonly LogAppend[]) => {
          held.set(records[0]!.partition, [...records])
        },
      }),
      state: over(state, {
        carriesOutputs: false,
        commit: async (scope: StateScope, c: StateCommit) => {
          const result = await state.commit(scope, { ...c, outputs: [] })
          const outputs = held.get(scope.partition)
          held.delete(scope.partition)
          if (outputs && result !== 'fenced') await log.append(outputs)
          return result
        },
      }),
    }
  }
  return { log, state }
}
