import type { HistorySource } from '@mastery/infra/adapters/clickhouse/history.ts'
import { answersInOrder, type OrderedAnswer } from './answers-in-order.ts'
import type { AttentionThread } from './attention-thread.ts'
import type { ExportCut } from './table.ts'

export interface AttentionOptions {
  /** Predictions per student, the newest. */
  predictions: number
  /** Past answers per prediction, those with the greatest weight. */
  looks: number
}

export const ATTENTION_OPTIONS: AttentionOptions = { predictions: 20, looks: 10 }

/** Students to one question. */
const TOGETHER = 64

/** Rows of sakt_attention, student by student; memory holds a few dozen students' last answers. */
export async function* attentionRows(
  gold: HistorySource,
  thread: AttentionThread,
  cut: ExportCut,
  options: AttentionOptions,
  student?: string,
): AsyncGenerator<unknown[][], void, undefined> {
  const kept = thread.window + options.predictions
  let students: OrderedAnswer[][] = []
  let own: OrderedAnswer[] = []
  for await (const rows of answersInOrder(gold, cut, student)) {
    for (const a of rows) {
      if (own.length > 0 && own[0]!.student !== a.student) {
        students.push(own.slice(-kept))
        own = []
        if (students.length === TOGETHER) {
          yield await asked(thread, students, cut, options)
          students = []
        }
      }
      // What time leaves out is not asked about, and still looked back on.
      if (cut.to !== null && a.at >= cut.to) continue
      own.push(a)
      if (own.length >= 2 * kept) own = own.slice(-kept)
    }
  }
  if (own.length > 0) students.push(own.slice(-kept))
  if (students.length > 0) yield await asked(thread, students, cut, options)
}

async function asked(
  thread: AttentionThread,
  students: readonly OrderedAnswer[][],
  cut: ExportCut,
  { predictions, looks }: AttentionOptions,
): Promise<unknown[][]> {
  const found = await thread.ask({
    students: students.map((s) => s.map(({ item, topics, correct, at }) => ({ item, topics, correct, at }))),
    newest: predictions,
    most: looks,
  })
  const out: unknown[][] = []
  found.forEach((predicted, s) => {
    const answers = students[s]!
    for (const { asked: i, p, looked, looks: past } of predicted) {
      const a = answers[i]!
      if (cut.from !== null && a.at < cut.from) continue
      past.forEach((l, rank) => {
        const b = answers[l.past]!
        const question = [cut.tenant, a.student, a.event, a.item, a.topics, a.at, a.correct, thread.version, p, looked]
        out.push([...question, rank + 1, l.weight, i - l.past, b.event, b.item, b.topics, b.at, b.correct])
      })
    }
  })
  return out
}
