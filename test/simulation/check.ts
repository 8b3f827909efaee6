import type { FeatureRecord } from '@mastery/schemas/src/generated/feature-record.gen.ts'
import type { Reject } from '@mastery/schemas/src/generated/reject.gen.ts'
import { branchesOf, type PartitionCounts, sourceOf } from '@mastery/topology/partition.ts'
import type { StateScope } from '@mastery/topology/ports/state-store.ts'
import type { AnyStage } from '@mastery/topology/stage.ts'
import type { SubjectName, TopicName } from '@mastery/topology/topics.ts'
import { checkAlertChain, checkNotices } from './check-alerts.ts'
import { checkGenerations } from './check-generations.ts'
import { checkGold } from './check-gold.ts'
import { Fate } from './fate.ts'
import { type Expected, type Folded, foldLog, onlyNew, type SetAside, unreadable } from './oracle.ts'
import { CODEC } from './sim-codec.ts'
import type { Logged } from './sim-log.ts'
import { stagesOf } from './stages.ts'
import type { World } from './world.ts'

/** Partitions of what a stage reads and writes; null where it keeps its input's. */
function countsFor(world: World, stage: AnyStage, generation: number): PartitionCounts | null {
  const counts = world.countsOf(generation)
  if (stage.name === 'features') return counts
  return stage.name === 'alerts' ? { input: counts.output, output: counts.output } : null
}

const equal = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0
const decoded = (records: readonly Logged[]) =>
  records.map((r) => ({ ...CODEC.decode(r.value), bytes: r.value, seq: r.seq }))

/** Everything in which the world differs from the oracle, in words; empty where all is well. */
export function differences(world: World): string[] {
  if (world.errors.length > 0) return [...world.errors]
  const found: string[] = []
  const rejects: SetAside[] = []
  const fates = new Map<number, Fate[]>()
  for (const generation of world.generations) {
    const { features, scoring, alerts } = stagesOf(world.plan.workload, generation)
    const counts = world.countsOf(generation)
    const own: Fate[] = []
    fates.set(generation, own)
    for (let partition = 0; partition < counts.input; partition++) {
      const branches = branchesOf(partition, counts)
      const first = checkStage(world, features, { generation, partition, branches }, found)
      const scores = branches.flatMap((branch) => {
        const second = checkStage(world, scoring, { generation, partition: branch, branches: [branch] }, found)
        rejects.push(...second.rejects)
        checkChain(world, scoring, generation, first.whole, branch, found)
        return second.whole.outputs
      })
      const alerted = branches.flatMap((branch) => {
        const third = checkStage(world, alerts, { generation, partition: branch, branches: [branch] }, found)
        rejects.push(...third.rejects)
        checkAlertChain(world, alerts, generation, branch, found)
        checkNotices(world, alerts, generation, branch, third, found)
        return third.whole.outputs
      })
      rejects.push(...first.rejects)
      own.push(new Fate(world.log.everything('learning.events', partition), first.whole.outputs, scores, alerted))
    }
    for (const scope of world.scopesOf('gold', generation)) {
      const { topic, partition } = scope
      const { nextOffset } = world.state.held(scope)
      rejects.push(...unreadable('gold', topic, partition, world.log.everything(topic, partition).slice(0, nextOffset)))
    }
  }
  checkRejects(world, rejects, found)
  checkGold(world, fates, found)
  if (world.generations.length > 1) checkGenerations(world, found)
  return found
}

/**
 * One stage of one partition: its states at the cut, what it wrote, and that it never committed ahead of that.
 * `branches`: the partitions that it writes to.
 */
function checkStage(
  world: World,
  stage: AnyStage,
  { generation, partition, branches }: { generation: number; partition: number; branches: readonly number[] },
  found: string[],
): Folded & { whole: Folded } {
  const counts = countsFor(world, stage, generation)
  const [input, output] = [stage.inputs[0]!, stage.outputs[0]!]
  const scope: StateScope = { stage: stage.name, generation, topic: input, partition }
  const held = world.state.held(scope)
  const all = world.log.everything(input, partition)
  const where = `${stage.name} of ${input} partition ${partition}`
  const there = all.filter((r) => !held.holes.has(r.offset))
  const folded = foldLog(
    stage,
    input,
    partition,
    there.filter((r) => r.offset < held.nextOffset),
    counts,
  )

  for (const [key, bytes] of folded.states) {
    const bytesHeld = held.states.get(key)
    if (!bytesHeld) found.push(`${where}: the state of ${key} at offset ${held.nextOffset} is missing`)
    else if (!equal(bytesHeld, bytes))
      found.push(`${where}: the state of ${key} at offset ${held.nextOffset} differs from the fold`)
  }
  for (const key of held.states.keys())
    if (!folded.states.has(key)) found.push(`${where}: there is a state of ${key}, of whom the log has nothing`)
  if (held.meta && !equal(held.meta, folded.meta))
    found.push(`${where}: the partition's own state differs from the fold`)

  const whole =
    all.length === held.nextOffset && held.holes.size === 0 ? folded : foldLog(stage, input, partition, all, counts)
  // What an erasure took from history before this was folded from it may have been written once, or not at all.
  const last = new Map(whole.outputs.filter(resets).map((e) => [keyOf(e), e.from]))
  const lasts = (e: { subject: SubjectName; value: unknown }) =>
    held.holes.size === 0 || e.subject !== 'feature-record' || !taken(e.value as FeatureRecord, held.holes, last)
  for (const branch of branches) {
    const wire = onlyNew(decoded(world.log.everything(output, branch))).filter(lasts)
    const should = onlyNew(folded.outputs.filter(into(output, branch))).filter(lasts)
    const all = onlyNew(whole.outputs.filter(into(output, branch))).filter(lasts)
    checkOutputs(`${output} partition ${branch}`, wire, all, should.length, found)
    checkOrder(where, held.commits, should, wire, found)
  }
  return { ...folded, rejects: whole.rejects.filter((r) => r.from < held.nextOffset), whole }
}

const into = (topic: TopicName, branch: number) => (e: Expected) => e.topic === topic && e.places.includes(branch)

const resets = (e: Expected) =>
  e.subject === 'feature-record' && (e.value as FeatureRecord).ops.some((o) => o.op === 'reset')

function taken(f: FeatureRecord, holes: ReadonlySet<number>, erased: ReadonlyMap<string, number>): boolean {
  return holes.has(f.origin_offset) || f.origin_offset < (erased.get(f.student) ?? 0)
}

/** `atLeast`: as many must be there; the rest may be, where a replaced owner had sent it already. */
function checkOutputs(
  where: string,
  wire: readonly { bytes: Buffer }[],
  all: readonly Expected[],
  atLeast: number,
  found: string[],
): void {
  const n = Math.max(atLeast, wire.length)
  for (let i = 0; i < n; i++) {
    const [is, should] = [wire[i], all[i]]
    if (is && should && equal(is.bytes, should.bytes)) continue
    const said = (bytes: Buffer | undefined) => (bytes ? brief(bytes) : 'nothing')
    found.push(`${where}: record ${i} that is new should be ${said(should?.bytes)}, there is ${said(is?.bytes)}`)
    return
  }
}

/** Offsets never run ahead of what was produced. */
function checkOrder(
  where: string,
  commits: readonly { next: number; seq: number }[],
  expected: readonly Expected[],
  wire: readonly { seq: number }[],
  found: string[],
): void {
  let at = 0
  for (const [i, e] of expected.entries()) {
    while (at < commits.length && commits[at]!.next <= e.from) at++
    const commit = commits[at]
    const written = wire[i]
    if (!commit || !written || written.seq <= commit.seq) continue
    found.push(`${where}: offset ${commit.next} was committed before the output of offset ${e.from} was in the log`)
    return
  }
}

/** Scores do not depend on what the topic between the stages has twice: the chain of pure folds gives the same ones. */
function checkChain(
  world: World,
  scoring: AnyStage,
  generation: number,
  features: Folded,
  partition: number,
  found: string[],
): void {
  const [input, output] = [scoring.inputs[0]!, scoring.outputs[0]!]
  const held = world.state.held({ stage: 'scoring', generation, topic: input, partition })
  const source = sourceOf(partition, world.log.partitions)
  const { holes } = world.state.held({ stage: 'features', generation, topic: 'learning.events', partition: source })
  if (holes.size > 0) return
  const read = onlyNew(decoded(world.log.everything(input, partition).slice(0, held.nextOffset)))
  const pure = onlyNew(features.outputs.filter(into(input, partition))).slice(0, read.length)
  const records = pure.map((e, offset) => ({ offset, key: keyOf(e), value: e.bytes, timestamp: 0 }))
  const chain = foldLog(scoring, input, partition, records)
  for (const [key, bytes] of chain.states) {
    const there = held.states.get(key)
    if (there && !equal(there, bytes))
      found.push(`scoring partition ${partition}: the state of ${key} depends on what ${input} has twice`)
  }
  const without = (all: readonly { value: unknown }[]) =>
    all.map(({ value }) => JSON.stringify({ ...(value as object), origin_offset: 0 }))
  const scores = without(onlyNew(decoded(world.log.everything(output, partition))))
  const should = without(onlyNew(chain.outputs))
  const i = should.findIndex((s, at) => s !== scores[at])
  if (i >= 0)
    found.push(
      `${output} partition ${partition}: record ${i} depends on what ${input} has twice: ${should[i]} is ${scores[i]}`,
    )
}

const keyOf = (e: Expected) => e.key

/** Everything that was set aside is in the dead letters with its bytes, and nothing else. */
function checkRejects(world: World, expected: readonly SetAside[], found: string[]): void {
  const name = (stage: string, topic: string, partition: number, offset: number) =>
    `${stage} ${topic}/${partition} offset ${offset}`
  const wanted = new Map(expected.map((s) => [name(s.stage, s.topic, s.partition, s.from), s]))
  const there = new Set<string>()
  for (let p = 0; p < world.log.partitions; p++)
    for (const { value } of decoded(world.log.everything('learning.rejects', p))) {
      const r = value as Reject
      const id = name(r.stage, r.origin_topic, r.origin_partition, r.origin_offset)
      there.add(id)
      const should = wanted.get(id)
      if (should && (should.code !== r.code || !equal(should.bytes, r.bytes)))
        found.push(`learning.rejects: ${id} is there as ${r.code}, it should be ${should.code} with its own bytes`)
      const topic = r.origin_topic as TopicName
      const read = world.generations.map(
        (generation) =>
          world.state.held({ stage: r.stage, generation, topic, partition: r.origin_partition }).nextOffset,
      )
      if (!should && r.origin_offset < Math.max(...read))
        found.push(`learning.rejects: ${id} (${r.code}) should not be there`)
    }
  for (const [id, s] of wanted) if (!there.has(id)) found.push(`learning.rejects: ${id} (${s.code}) is missing`)
}

function brief(bytes: Buffer): string {
  const { subject, value } = CODEC.decode(bytes)
  const text = JSON.stringify(value)
  return `${subject} ${text.length > 300 ? `${text.slice(0, 300)}…` : text}`
}
