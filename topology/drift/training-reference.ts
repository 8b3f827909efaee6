import type { AnswerLog } from '../evaluation/answer-log.ts'
import { WEEK, weekOf } from './calendar.ts'
import { groupOf, Histogram } from './histogram.ts'
import { addPrediction, QUALITY_BINS } from './quality.ts'
import { QUALITY_MEASURES } from './series.ts'
import { type ClosedWindow, closeWindow } from './window.ts'

/** Weeks that are kept, the newest ones. */
const MOST_WEEKS = 12

/**
 * How well a version predicted the answers of students whom its fit did not see, by week of the event time, oldest first:
 * what its first weeks in the stream are compared with. Empty where the answers have no clock. `p`: per row of the log.
 */
export function trainingReference(log: AnswerLog, p: Float64Array): ClosedWindow[] {
  const weeks = new Map<number, Histogram>()
  const groups = log.students.map(groupOf)
  for (let r = 0; r < log.size; r++) {
    const at = log.at[r]!
    if (Number.isNaN(at)) continue
    const week = weekOf(at)
    let h = weeks.get(week)
    if (h === undefined) weeks.set(week, (h = new Histogram(QUALITY_BINS, QUALITY_MEASURES.length)))
    addPrediction(h, groups[log.student[r]!]!, p[r]!, log.correct[r] === 1)
  }
  return [...weeks]
    .sort(([a], [b]) => a - b)
    .slice(-MOST_WEEKS)
    .map(([from, h]) => closeWindow(h, from, from + WEEK))
}

/** As a version's artefact holds it and a marker carries it. The same weeks are the same text. */
export function referenceText(windows: readonly ClosedWindow[]): string {
  return `${JSON.stringify({ format: 1, windows: windows.map((w) => ({ ...w, counts: Array.from(w.counts) })) })}\n`
}

/**
 * Reads what `referenceText` wrote.
 * @throws Error that says what is wrong
 */
export function readReference(text: string): ClosedWindow[] {
  const wrong = (what: string) => new Error(`It is no reference of how well a model predicts: ${what}.`)
  let read: { format?: unknown; windows?: unknown }
  try {
    read = JSON.parse(text) as typeof read
  } catch (cause) {
    throw wrong((cause as Error).message)
  }
  if (read?.format !== 1 || !Array.isArray(read.windows)) throw wrong('it has another format')
  const numbers = (x: unknown, n: number): x is number[] =>
    Array.isArray(x) && x.length === n && x.every(Number.isFinite)
  return read.windows.map((w: Omit<ClosedWindow, 'counts'> & { counts: unknown }) => {
    if (!numbers(w?.counts, QUALITY_BINS) || w.measures?.length !== QUALITY_MEASURES.length)
      throw wrong('its bins are not those of this build')
    const figures = [w.from, w.to, w.n, w.groups?.sum, w.groups?.df]
    for (const m of w.measures) figures.push(m.mean, m.variance, m.groups?.sum, m.groups?.df)
    if (!figures.every(Number.isFinite)) throw wrong('a figure is missing')
    return { ...w, counts: Float64Array.from(w.counts) }
  })
}

const NAME = 'drift/'

/** Name of the policy markers that bring a model version's reference. */
export const referenceName = (model: string): string => `${NAME}${model}`

/** The model that such a marker is about; null for another marker. */
export const modelOfReference = (subject: string, name: string): string | null =>
  subject === 'policy' && name.startsWith(NAME) ? name.slice(NAME.length) : null
