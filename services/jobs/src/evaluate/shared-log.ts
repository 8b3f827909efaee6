import type { AnswerLog } from '@mastery/topology/evaluation/answer-log.ts'

type Column = Int32Array | Float64Array | Uint8Array

function shared<T extends Column>(column: T): T {
  const memory = new SharedArrayBuffer(column.byteLength)
  const copy = new (column.constructor as new (memory: SharedArrayBuffer) => T)(memory)
  copy.set(column as never)
  return copy
}

/** The same log in memory that threads share: handing it to one copies its names and no column. Nobody writes to it. */
export function sharedLog(log: AnswerLog): AnswerLog {
  return {
    ...log,
    student: shared(log.student),
    item: shared(log.item),
    topicStart: shared(log.topicStart),
    topic: shared(log.topic),
    correct: shared(log.correct),
    at: shared(log.at),
    bundle: shared(log.bundle),
    row: shared(log.row),
    extra: new Map([...log.extra].map(([name, column]) => [name, shared(column)])),
  }
}
