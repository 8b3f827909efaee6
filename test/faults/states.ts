import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { Environment } from '@mastery/infra/adapters/embedded/environment.ts'
import { EmbeddedLog } from '@mastery/infra/adapters/embedded/log.ts'
import { EmbeddedState } from '@mastery/infra/adapters/embedded/state.ts'
import type { StateScope, StateStore } from '@mastery/topology/ports/state-store.ts'
import { WINDOW_STATE } from '@mastery/topology/stages/windowing/state.ts'
import { topicsReadBy } from '@mastery/topology/topics.ts'

/** Stages that keep a state per student. */
const FOLDED = (['features', 'scoring', 'alerts'] as const).map((stage) => ({ stage, topic: topicsReadBy(stage)[0]! }))

/** Where a record stood is the only thing that may differ between two logs with the same events. */
function withoutPlace(stage: string, key: string, bytes: Uint8Array): Uint8Array {
  if (stage !== 'features') return bytes
  const state = WINDOW_STATE.decode(bytes, key)
  state.lastOffset = -1
  return WINDOW_STATE.encode(state)
}

/** Sums over the bytes of all students' states, by stage and student. `places`: offsets inside of them count too. */
export async function statesOf(store: StateStore, partitions: number, places = true): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  const sum = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex').slice(0, 16)
  for (const { stage, topic } of FOLDED)
    for (let partition = 0; partition < partitions; partition++) {
      const scope: StateScope = { stage, topic, partition, generation: 0 }
      const keys: string[] = []
      for await (const key of store.keys(scope)) keys.push(key)
      const states = await store.load(scope, keys)
      keys.forEach(
        (key, i) => void found.set(`${stage} ${key}`, sum(places ? states[i]! : withoutPlace(stage, key, states[i]!))),
      )
    }
  return found
}

/** The same of an embedded data folder that nobody has open. */
export async function embeddedStates(data: string, partitions: number): Promise<Map<string, string>> {
  const env = new Environment(join(data, 'log'))
  try {
    return await statesOf(new EmbeddedState(env, new EmbeddedLog(env)), partitions, false)
  } finally {
    await env.close()
  }
}
