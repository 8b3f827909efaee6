import { STREAMING, type Streaming } from '@mastery/jobs/src/training/payload.ts'
import type { PinnedModel, Selection } from '@mastery/topology/generations/generation.ts'
import { UsageError } from './command.ts'

interface Point {
  time: number | null
  offsets: number[] | null
}

/** An instant (2026-09-01 or 2026-09-01T08:00:00Z), one offset for all partitions, or 0=100,1=250 for some. */
function pointOf(name: string, text: string | undefined, partitions: number, missing: number): Point {
  if (text === undefined) return { time: null, offsets: null }
  if (/^\d+$/.test(text)) return { time: null, offsets: Array(partitions).fill(Number(text)) }
  if (/^\d+=\d+(,\d+=\d+)*$/.test(text)) {
    const offsets = Array<number>(partitions).fill(missing)
    for (const pair of text.split(',')) {
      const [partition, offset] = pair.split('=').map(Number)
      if (partition! >= partitions)
        throw new UsageError(`--${name}: there are partitions 0 to ${partitions - 1}, not ${partition}.`)
      offsets[partition!] = offset!
    }
    return { time: null, offsets }
  }
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(time))
    throw new UsageError(
      `--${name} "${text}" is neither an instant (2026-09-01T08:00:00Z), nor an offset (1200), nor offsets by partition (0=1200,1=900).`,
    )
  return { time, offsets: null }
}

/** What --from, --to and --students say. `partitions`: of learning.events. */
export function selectionOf(
  given: { from?: string | undefined; to?: string | undefined; students: string[] | null },
  partitions: number,
): Selection {
  const from = pointOf('from', given.from, partitions, 0)
  const to = pointOf('to', given.to, partitions, 0)
  if (from.time !== null && to.time !== null && to.time <= from.time)
    throw new UsageError('--to lies before --from: nothing would be replayed.')
  if (from.offsets && to.offsets?.every((o, p) => o <= from.offsets![p]!))
    throw new UsageError('--to lies before --from in every partition: nothing would be replayed.')
  return {
    fromTime: from.time,
    toTime: to.time,
    fromOffsets: from.offsets,
    toOffsets: to.offsets,
    students: given.students,
  }
}

/**
 * bkt@v2=parameters.json: model, version, file; dkt@v3: a version that was trained and published. `read` gives a file's
 * bytes, `published` what a marker would say of a version.
 */
export async function pinnedModels(
  given: readonly string[],
  read: (file: string) => Uint8Array,
  published: (model: Streaming, version: string) => Promise<string>,
): Promise<Record<string, PinnedModel>> {
  const pinned: Record<string, PinnedModel> = {}
  for (const text of given) {
    const [, id, version, file] = /^([\w-]+)@([^=]+)(?:=(.+))?$/.exec(text) ?? []
    const model = STREAMING.find((m) => m.id === id)
    if (!id || !version || !model || (file !== undefined && !model.travels))
      throw new UsageError(
        `--model "${text}" should be MODEL@VERSION for a version that was trained here, with one of the models ${idsOf(() => true)}, or MODEL@VERSION=FILE with parameters as JSON, for ${idsOf((m) => m.travels)}.`,
      )
    try {
      pinned[id] = {
        version,
        payload: await (file === undefined ? published(model, version) : textIn(model, read(file))),
      }
    } catch (e) {
      throw new UsageError(`--model ${text} can't be used: ${(e as Error).message}`)
    }
  }
  return pinned
}

const idsOf = (which: (m: Streaming) => boolean) =>
  STREAMING.filter(which)
    .map((m) => m.id)
    .join(', ')

function textIn(model: Streaming, bytes: Uint8Array): string {
  model.check(bytes)
  return Buffer.from(bytes).toString('utf8')
}
