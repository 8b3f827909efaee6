import { Columns } from './columns.ts'
import { RecordSplitter, splitFields } from './delimited.ts'
import { ImportError } from './importer.ts'

export interface EdnetQuestion {
  bundle: string
  /** Empty where the file gives none. */
  answer: string
  topics: string[]
}

export interface EdnetLecture {
  topics: string[]
  /** Milliseconds; null where unknown. */
  length: number | null
}

/** What a text gives, read once: EdNet's catalogues go with each of its hundreds of thousands of files. */
function readOnce<T>(read: (text: string) => T): (text: string) => T {
  let last: { text: string; value: T } | null = null
  return (text) => {
    if (last?.text !== text) last = { text, value: read(text) }
    return last.value
  }
}

/** questions.csv by question id. Throws ImportError where a column is missing or a record does not fit. */
export const readQuestions = readOnce((text): ReadonlyMap<string, EdnetQuestion> => {
  const questions = new Map<string, EdnetQuestion>()
  const columns = ['question_id', 'bundle_id', 'correct_answer', 'part', 'tags']
  for (const [id, bundle, answer, part, tags] of readTable('questions', text, columns)) {
    questions.set(id!, { bundle: bundle!, answer: answer!.trim().toLowerCase(), topics: topicsOf(tags!, ';', part!) })
  }
  return questions
})

/** lectures.csv by lecture id. Throws ImportError where a column is missing or a record does not fit. */
export const readLectures = readOnce((text): ReadonlyMap<string, EdnetLecture> => {
  const lectures = new Map<string, EdnetLecture>()
  for (const [id, part, tags, length] of readTable('lectures', text, ['lecture_id', 'part', 'tags', 'video_length'])) {
    const ms = Number(length)
    lectures.set(id!, { topics: topicsOf(tags!, ';', part!), length: ms > 0 ? ms : null })
  }
  return lectures
})

/** Tags as topics. An item without tags (empty, or -1) has its part of the test as its topic, `part-5`; without a part either, none. */
export function topicsOf(tags: string, separator: string, part: string): string[] {
  const topics = tags.split(separator).filter((tag) => tag !== '' && tag !== '-1')
  if (topics.length > 0) return [...new Set(topics)]
  return part === '' || part === '-1' ? [] : [`part-${part}`]
}

function readTable(name: string, text: string, wanted: string[]): string[][] {
  const splitter = new RecordSplitter({ delimiter: ',' })
  const [header, ...records] = [...splitter.push(text), ...splitter.end()]
  const columns = new Columns(name, header?.raw ?? '', ',')
  const index = columns.require(wanted, `Give EdNet's file ${name}.csv.`)
  return records.map(({ raw, line }) => {
    const fields = splitFields(raw, ',')
    if (fields?.length !== columns.count) {
      throw new ImportError(
        `Line ${line} of the ${name} file does not have ${columns.count} fields: ${raw}. Correct it.`,
      )
    }
    return index.map((i) => fields[i]!)
  })
}
