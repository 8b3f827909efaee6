import { createHash } from 'node:crypto'
import type { TrainingCut } from '../ports/artefact-store.ts'
import type { AnswerLog } from './answer-log.ts'

const bytesOf = (a: Int32Array | Uint8Array | Float64Array) => new Uint8Array(a.buffer, a.byteOffset, a.byteLength)

/** What a version was trained on, as its manifest says it. The same answers give the same hashes. */
export function trainingCut(
  log: AnswerLog,
  source: string,
  offsets: Readonly<Record<string, number>> = {},
): TrainingCut {
  const data = createHash('sha256')
  for (const names of [log.students, log.items, log.topics]) data.update(`${JSON.stringify(names)}\n`)
  for (const column of [log.student, log.item, log.topicStart, log.topic, log.correct, log.at, log.bundle])
    data.update(bytesOf(column))
  const subjects = createHash('sha256')
  for (const s of [...log.students].sort()) subjects.update(`${s}\n`)
  let from = Number.POSITIVE_INFINITY
  let to = Number.NEGATIVE_INFINITY
  for (const at of log.at) {
    if (at < from) from = at
    if (at > to) to = at
  }
  return {
    source,
    answers: log.size,
    students: log.students.length,
    items: log.items.length,
    topics: log.topics.length,
    from: Number.isFinite(from) ? from : null,
    to: Number.isFinite(to) ? to : null,
    offsets,
    data_sha256: data.digest('hex'),
    subjects_sha256: subjects.digest('hex'),
  }
}
