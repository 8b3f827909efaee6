import type { DriftPartial } from '@mastery/schemas/src/generated/drift-partial.gen.ts'
import type { AnyStage } from '@mastery/topology/stage.ts'
import { topicAt } from '@mastery/topology/topics.ts'
import { checkOrder, checkOutputs, decoded, equal, into } from './check.ts'
import { type Folded, foldLog, onlyNew } from './oracle.ts'
import { CODEC } from './sim-codec.ts'
import { type StageName, stagesOf } from './stages.ts'
import type { World } from './world.ts'

type Written = ReturnType<typeof decoded>[number]

const SOURCES = ['drift-features', 'drift-scores'] as const

/**
 * The drift stages of a generation: every source partition's state and what it wrote to each partition of drift.partials,
 * and that the verdicts do not hang on how the partitions' records came to lie among each other.
 */
export function checkDrift(world: World, generation: number, found: string[]): void {
  const stages = stagesOf(world, generation)
  const whole: Folded[] = []
  const count = world.countsOf(generation).output
  const written = Array.from({ length: count }, (_, branch) =>
    decoded(world.log.everything(stages['drift-features'].outputs[0]!, branch)),
  )
  for (const name of SOURCES)
    for (let p = 0; p < count; p++) whole.push(checkSource(world, name, stages[name], generation, p, written, found))
  // A source that stands still, as it should where its log was cut off, has not said everything.
  const all = SOURCES.every((name) =>
    world
      .scopesOf(name, generation)
      .every(
        (scope) => world.state.held(scope).nextOffset === world.log.everything(scope.topic, scope.partition).length,
      ),
  )
  if (all) checkInterleaving(world, stages.drift, generation, whole, found)
}

function checkSource(
  world: World,
  name: StageName,
  stage: AnyStage,
  generation: number,
  partition: number,
  written: readonly Written[][],
  found: string[],
): Folded {
  const [input, output] = [stage.inputs[0]!, stage.outputs[0]!]
  const { output: count } = world.countsOf(generation)
  const counts = { input: count, output: count }
  const held = world.state.held({ stage: name, generation, topic: input, partition })
  const all = world.log.everything(input, partition)
  const where = `${name} of ${input} partition ${partition}`
  const folded = foldLog(stage, input, partition, all.slice(0, held.nextOffset), counts)
  if (held.meta && !equal(held.meta, folded.meta)) found.push(`${where}: the state differs from the fold`)
  const whole = all.length === held.nextOffset ? folded : foldLog(stage, input, partition, all, counts)
  for (let branch = 0; branch < count; branch++) {
    const own = written[branch]!.filter(({ value }) => {
      const p = value as DriftPartial
      return `drift-${p.stage}` === name && p.origin_partition === partition
    })
    const wire = onlyNew(own)
    const should = folded.outputs.filter(into(output, branch))
    checkOutputs(
      `${where} to ${output} partition ${branch}`,
      wire,
      whole.outputs.filter(into(output, branch)),
      should.length,
      found,
    )
    checkOrder(where, held.commits, should, wire, found)
  }
  return whole
}

/** Once everything has been worked off: the partials of one source after the other give the same verdicts. */
function checkInterleaving(
  world: World,
  drift: AnyStage,
  generation: number,
  sources: readonly Folded[],
  found: string[],
): void {
  const [input, output] = [topicAt('drift.partials', generation), drift.outputs[0]!]
  const place = (v: unknown) =>
    JSON.stringify({ ...(v as object), origin_partition: 0, origin_offset: 0, ordinal: 0, detected: 0 })
  for (let p = 0; p < world.countsOf(generation).output; p++) {
    const held = world.state.held({ stage: 'drift', generation, topic: input, partition: p })
    if (held.nextOffset < world.log.everything(input, p).length) continue
    const records = sources
      .flatMap((s) => s.outputs.filter(into(input, p)))
      .map((e, offset) => ({ offset, key: '', value: Buffer.from(CODEC.encode(e.subject, e.value)), timestamp: 0 }))
    const one = foldLog(drift, input, p, records).outputs.map((e) => place(CODEC.decode(e.bytes).value))
    const wire = onlyNew(decoded(world.log.everything(output, p))).map(({ value }) => place(value))
    const there = [...wire].sort()
    const should = one.sort()
    const i = should.findIndex((v, at) => v !== there[at])
    if (i >= 0 || there.length > should.length)
      found.push(
        `${output} partition ${p}: verdicts depend on the order in which partitions came: ${differing(should[i], there[i])}`,
      )
  }
}

/** The name of what differs, and from where on. */
function differing(a = 'nothing', b = 'nothing'): string {
  let i = 0
  while (i < a.length && a[i] === b[i]) i++
  return `${/"name":"[^"]*"/.exec(a)?.[0]} should be ${a.slice(Math.max(0, i - 60), i + 60)}, is ${b.slice(Math.max(0, i - 60), i + 60)}`
}
