import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { POLICY } from './drift/testing/policy.ts'
import { AWAITED_SERVICES, SERVICES, STAGES, stageSpec } from './flow.ts'
import type { AnyStage } from './stage.ts'
import { alertingStage } from './stages/alerting/stage.ts'
import { classesStage } from './stages/classes/stage.ts'
import { driftStage } from './stages/drift/stage.ts'
import { driftFeaturesStage, driftScoresStage } from './stages/drift-sources/stage.ts'
import { intakeStage } from './stages/intake/intake-stage.ts'
import { notifyingStage } from './stages/notifying/stage.ts'
import { scoringStage } from './stages/scoring/stage.ts'
import { watchingStage } from './stages/watching/stage.ts'
import { windowingStage } from './stages/windowing/stage.ts'
import { RING } from './testing/topology-driver.ts'
import { TOPICS, topicAt, topicsReadBy } from './topics.ts'

/** Who reads or writes topics and is no stage. */
const OTHERS = ['outside producers', 'every service', 'collector', 'jobs', 'cli']

const made = (generation: number): AnyStage[] => [
  intakeStage({ tenants: [], pseudonym: (_, id) => id }),
  windowingStage({ days: [7], ring: RING, generation }),
  scoringStage({ ring: RING, generation }),
  alertingStage({ generation }),
  classesStage({ generation, sources: 1 }),
  watchingStage({ generation, sourcesBefore: 2 }),
  notifyingStage({ generation, sources: 1 }),
  driftFeaturesStage({ policy: POLICY, generation, sources: 1 }),
  driftScoresStage({ policy: POLICY, generation, sources: 1 }),
  driftStage({ policy: POLICY, generation }),
]
/** They hand on to the outside, and fold nothing. */
const SINKS = ['delivery', 'gold']
const NAMES: readonly string[] = STAGES.map((s) => s.name)

describe('the list of stages', () => {
  it('has every stage that there is, once, and no other', () => {
    expect([...made(0).map((s) => s.name), ...SINKS].sort()).toEqual([...NAMES].sort())
    expect(new Set(NAMES).size).toBe(NAMES.length)
  })

  it.each([0, 3])('and topics.ts say the same of who reads and who writes (generation %i)', (generation) => {
    for (const stage of made(generation)) {
      expect([stage.name, topicsReadBy(stage.name, generation)]).toEqual([stage.name, [...stage.inputs]])
      const written = TOPICS.flatMap((t) => (t.writers.includes(stage.name) ? [topicAt(t.name, generation)] : []))
      // What can't be read is set aside by the runtime, whatever the stage.
      expect([stage.name, written.sort()]).toEqual([stage.name, [...stage.outputs, 'learning.rejects'].sort()])
    }
    for (const sink of SINKS) expect(topicsReadBy(sink, generation).length).toBeGreaterThan(0)
  })

  it('is in the order of the flow: a stage reads what those before it write', () => {
    const outside = new Set([...OTHERS, 'intake'])
    for (const { name } of STAGES) {
      const before = new Set<string>([...outside, ...NAMES.slice(0, NAMES.indexOf(name))])
      for (const topic of topicsReadBy(name))
        if (topic !== 'learning.rejects')
          for (const writer of TOPICS.find((t) => t.name === topic)!.writers)
            expect([name, topic, writer, before.has(writer)]).toEqual([name, topic, writer, true])
    }
  })

  it('leaves nobody in topics.ts unknown, and runs each stage in a service that there is', () => {
    for (const t of TOPICS)
      for (const who of [...t.writers, ...t.readers])
        expect([t.name, who, [...NAMES, ...OTHERS].includes(who)]).toEqual([t.name, who, true])
    for (const s of SERVICES)
      expect([s, existsSync(join(import.meta.dirname, '../services', s, 'src/main.ts'))]).toEqual([s, true])
    expect(AWAITED_SERVICES).toEqual(['features', 'scoring', 'alerts', 'notify', 'gold'])
    expect(stageSpec('classes').service).toBe('alerts')
    expect(() => stageSpec('nothing')).toThrow(/flow.ts lists them/)
  })
})
