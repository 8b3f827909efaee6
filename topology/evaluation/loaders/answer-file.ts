import type { AnswerLog } from '../answer-log.ts'
import type { Bound } from './answer-table.ts'

/** Reads one file of answers, given in chunks of any size. */
export interface AnswerFile {
  /** @throws LoadError */
  push(chunk: string): void
  /** @throws LoadError */
  end(): void
}

export interface OpenAnswerFile {
  fileName: string
  /** Whole text of companion files, by name. */
  companions: Record<string, string>
}

/** Gathers the answers of one or more files of one format. Rows are numbered on from file to file. */
export interface AnswerSource {
  open(file: OpenAnswerFile): AnswerFile
  /** A table of the format's `tables`; all of them are read before the first file of answers. */
  openTable?(name: string, fileName: string): AnswerFile
  build(): LoadedAnswers
}

export interface SourceSettings {
  /** Options of the format. */
  options: Record<string, string>
  /** Further columns to keep, by their name in the file. */
  columns: readonly string[]
  /** Leaves rows out that can't be read, and counts them; otherwise the first one is an error. */
  skipRejects: boolean
  /** Keeps the answers of a sample of students only. */
  bound?: Omit<Bound, 'onLeave'>
}

export interface LoadedAnswers {
  log: AnswerLog
  /** Rows of the source, those without an answer too. */
  rows: number
  /** By column of `columns`: the text of each source row. */
  columns: ReadonlyMap<string, readonly string[]>
  /** Rows that name no topic: their topic is NO_TOPIC. */
  untagged: number
  rejected: number
  /** Where a bound was given and met: the share of students who are kept. */
  sampled: { share: number } | null
}

export const NO_TOPIC = '(no topic)'

export interface LoaderFormat {
  id: string
  /** One line for `--help`. */
  summary: string
  companions: readonly { name: string; required: boolean; summary: string }[]
  /** Companions that may be too large for one text: they are read piece by piece, as answers are. */
  tables?: readonly { name: string; required: boolean; summary: string }[]
  /** @throws LoadError or ImportError for options that the format does not have */
  source(settings: SourceSettings): AnswerSource
}
