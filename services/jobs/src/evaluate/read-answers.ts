import { createHash } from 'node:crypto'
import { createReadStream, readFileSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { createGunzip, gunzipSync } from 'node:zlib'
import type { DataFacts } from '@mastery/topology/evaluation/evaluation.ts'
import type {
  AnswerFile,
  LoadedAnswers,
  LoaderFormat,
  SourceSettings,
} from '@mastery/topology/evaluation/loaders/answer-file.ts'
import { LoadError } from '@mastery/topology/evaluation/loaders/load-error.ts'

export interface AnswerFiles extends SourceSettings {
  format: LoaderFormat
  /** Paths, read in this order: rows are numbered on from one to the next. */
  files: readonly string[]
  /** Whole text of companion files, by name. */
  companions: Record<string, string>
  /** Paths of the format's tables, by name. */
  tables?: Readonly<Record<string, string>>
}

export interface ReadAnswers extends LoadedAnswers {
  facts: DataFacts
}

/**
 * Reads answers from files, `.gz` too. `onBytes` is told the share of bytes read.
 * @throws LoadError naming file, line and column of what can't be used
 */
export async function readAnswers(
  from: AnswerFiles,
  signal: AbortSignal,
  onBytes: (share: number) => void,
): Promise<ReadAnswers> {
  const source = from.format.source(from)
  const tables = Object.entries(from.tables ?? {})
  const bytes = [...tables.map(([, path]) => path), ...from.files].map((path) => sizeOf(path))
  const total = Math.max(
    1,
    bytes.reduce((a, b) => a + b, 0),
  )
  const files: DataFacts['files'] = []
  let done = 0
  const read = async (path: string, size: number, into: (fileName: string) => AnswerFile) => {
    const name = basename(path)
    const file = into(name.replace(/\.gz$/, ''))
    const hash = createHash('sha256')
    const raw = createReadStream(path, { highWaterMark: 1 << 20, signal })
    raw.on('data', (chunk) => {
      hash.update(chunk)
      done += chunk.length
    })
    const decoder = new TextDecoder('utf-8')
    try {
      for await (const chunk of path.endsWith('.gz') ? raw.pipe(createGunzip()) : raw) {
        file.push(decoder.decode(chunk as Buffer, { stream: true }))
        onBytes(done / total)
      }
    } catch (e) {
      if (signal.aborted) throw signal.reason as Error
      if (e instanceof LoadError) throw e
      throw new LoadError(name, {}, `It can't be read: ${(e as Error).message}. Check the path and the file.`, {
        cause: e,
      })
    }
    file.push(decoder.decode())
    file.end()
    return { name, bytes: size, sha256: hash.digest('hex') }
  }
  for (const [i, [name, path]] of tables.entries())
    await read(path, bytes[i]!, (fileName) => source.openTable!(name, fileName))
  for (const [i, path] of from.files.entries())
    files.push(
      await read(path, bytes[tables.length + i]!, (fileName) => source.open({ fileName, companions: from.companions })),
    )
  const loaded = source.build()
  if (loaded.log.size === 0) {
    const names = files.map((f) => f.name).join(', ')
    throw new LoadError(
      names,
      {},
      `No graded answer was found in format ${from.format.id}. Check --format and the file.`,
    )
  }
  return { ...loaded, facts: factsOf(from.format.id, files, loaded) }
}

/** The whole text of a file, `.gz` too. @throws LoadError */
export function readText(path: string): string {
  try {
    const bytes = readFileSync(path)
    return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  } catch (e) {
    throw new LoadError(path, {}, `It can't be read: ${(e as Error).message}. Check the path.`, { cause: e })
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size
  } catch (e) {
    throw new LoadError(path, {}, `It can't be read: ${(e as Error).message}. Check the path.`, { cause: e })
  }
}

/** What a report says of some answers. */
export function factsOf(
  format: string,
  files: DataFacts['files'],
  { log, untagged, rejected }: Pick<LoadedAnswers, 'log' | 'untagged' | 'rejected'>,
): DataFacts {
  let from = Number.POSITIVE_INFINITY
  let to = Number.NEGATIVE_INFINITY
  for (const at of log.at) {
    if (at < from) from = at
    if (at > to) to = at
  }
  const clock = from <= to
  return {
    files,
    format,
    answers: log.size,
    students: log.students.length,
    items: log.items.length,
    topics: log.topics.length,
    rate: log.correct.reduce((sum, y) => sum + y, 0) / log.size,
    from: clock ? from : null,
    to: clock ? to : null,
    untagged,
    rejected,
  }
}
