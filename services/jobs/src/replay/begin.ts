import { ensureGenerationTopics } from '@mastery/infra/runtime/generation-stages.ts'
import type { Installation } from '@mastery/infra/runtime/installation.ts'
import {
  type Generation,
  isRunning,
  type PinnedModel,
  partitionsOf,
  partitionsRefused,
  type Selection,
} from '@mastery/topology/generations/generation.ts'

/** More than these at a time would only take the machine from live traffic. */
const MOST_RUNNING = 3
/** Gold's columns have two bytes for it. */
const LARGEST_ID = 65_535

export class GenerationError extends Error {
  override name = 'GenerationError'
}

/**
 * How many partitions the topics of a new generation get: as many as the one has that readers see, unless they are said.
 * @throws GenerationError where so many are not possible
 */
export async function partitionsWanted(
  of: Pick<Installation, 'log' | 'generations'>,
  said: number | undefined,
): Promise<number> {
  const source = await of.log.partitions('learning.events')
  const wanted = said ?? partitionsOf(of.generations.active, source)
  const why = partitionsRefused(wanted, source)
  if (why !== null) throw new GenerationError(why)
  return wanted
}

/** Begins a generation over the selected records; the services take it up within a second or two. */
export async function beginGeneration(
  to: Pick<Installation, 'log' | 'generations'>,
  given: {
    selection: Selection
    models: Record<string, PinnedModel>
    /** Of each topic that it computes. */
    partitions?: number
    rate: number | null
    reason: string
    now: number
  },
): Promise<Generation> {
  await to.generations.refresh()
  const all = to.generations.all()
  const running = all.filter(isRunning)
  if (running.length >= MOST_RUNNING)
    throw new GenerationError(
      `Generations ${running.map((g) => g.id).join(', ')} exist already; drop one first: "npx mastery generations drop ID".`,
    )
  const id = Math.max(...all.map((g) => g.id)) + 1
  if (id > LARGEST_ID)
    throw new GenerationError(
      `There have been ${LARGEST_ID} generations, and gold has no number for another. Export what is needed and begin with an empty database.`,
    )
  const { now, ...rest } = given
  const partitions = await partitionsWanted(to, given.partitions)
  const g: Generation = { id, status: 'building', ...rest, partitions, createdAt: now, changedAt: now }
  await ensureGenerationTopics(to.log, g)
  await to.generations.set(g)
  return g
}
