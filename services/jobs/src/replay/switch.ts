import type { Installation } from '@mastery/infra/runtime/installation.ts'
import { STAGES, type StageSpec } from '@mastery/topology/flow.ts'
import { type Generation, isRunning, isWhole } from '@mastery/topology/generations/generation.ts'
import { TOPICS, topicAt, topicsReadBy } from '@mastery/topology/topics.ts'
import { GenerationError } from './begin.ts'
import { buildProgress } from './progress.ts'

/** Records that a generation may lack when readers switch: they reach it within a moment. */
const NEARLY = 2_000

export async function generationNamed(from: Pick<Installation, 'generations'>, id: number): Promise<Generation> {
  await from.generations.refresh()
  const g = from.generations.get(id)
  if (!g || !isRunning(g))
    throw new GenerationError(`There is no generation ${id}; "npx mastery generations" lists them.`)
  return g
}

/**
 * Makes a generation the one that readers see; the one before stays, follows the log, and can be switched back to.
 * Nobody is notified of anything that a switch changes. Throws GenerationError where it is not complete.
 */
export async function switchGeneration(
  to: Pick<Installation, 'log' | 'state' | 'generations'>,
  id: number,
  now: number,
): Promise<{ from: Generation; to: Generation }> {
  const next = await generationNamed(to, id)
  const before = to.generations.active
  if (before.id === id) throw new GenerationError(`Generation ${id} is the active one already.`)
  if (!isWhole(next))
    throw new GenerationError(
      `Generation ${id} holds only a part of the students or of the time; readers can't switch to it. Replay without limits, or repair single students with "npx mastery rebuild".`,
    )
  const { done, total, behind } = await buildProgress(to, id)
  if (total - done + behind > NEARLY)
    throw new GenerationError(
      `Generation ${id} has ${(total - done + behind).toLocaleString('en')} records left; switch when it has caught up.`,
    )
  const changedAt = Math.max(now, before.changedAt + 1, next.changedAt + 1)
  const active: Generation = { ...next, status: 'active', changedAt }
  await to.generations.mark('activate', active, changedAt)
  await to.generations.set({ ...before, status: 'standby', changedAt }, active)
  return { from: before, to: active }
}

/** What has caught up and is not looked at yet. */
export async function markReady(to: Pick<Installation, 'generations'>, g: Generation, now: number): Promise<void> {
  if (g.status !== 'building') return
  await to.generations.set({ ...g, status: 'ready', rate: null, changedAt: Math.max(now, g.changedAt + 1) })
}

/** Long enough for the services to have seen that it is dropped and to have stopped its stages. */
const STOPS_MS = 3_000

/** Deletes a generation's state, topics and rows. The active one can't be dropped. */
export async function dropGeneration(
  to: Pick<Installation, 'log' | 'state' | 'generations'>,
  gold: { dropGeneration(id: number): Promise<void> },
  id: number,
  now: number,
): Promise<void> {
  const g = await generationNamed(to, id)
  if (g.status === 'active')
    throw new GenerationError(`Generation ${id} is what readers see; switch to another one first.`)
  await to.generations.set({ ...g, status: 'dropped', changedAt: Math.max(now, g.changedAt + 1) })
  await new Promise((r) => setTimeout(r, STOPS_MS))
  const stages: readonly StageSpec[] = STAGES.filter((s) => s.generations)
  for (const { name: stage } of stages)
    for (const topic of topicsReadBy(stage, id)) {
      const partitions = await to.log.partitions(topic)
      for (let partition = 0; partition < partitions; partition++)
        await to.state.drop({ stage, generation: id, topic, partition })
    }
  // The first generation's topics keep the plain names, which a new installation would look for.
  if (id > 0) await to.log.dropTopics(TOPICS.filter((t) => t.derived).map((t) => topicAt(t.name, id)))
  await gold.dropGeneration(id)
}
