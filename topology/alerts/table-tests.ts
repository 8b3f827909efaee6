import { isGroup, type Path, type Problem, readFields } from './read-fields.ts'
import {
  COMMAND_FIELDS,
  EXPECT_FIELDS,
  LOOK_FIELDS,
  METRIC_FIELDS,
  SERIES_FIELDS,
  STANDS_FIELDS,
  TEST_FIELDS,
  TEST_FILE_FIELDS,
  TOLD_FIELDS,
} from './table-fields.ts'
import type { PipelineMeasure } from './watch-rule.ts'

/** Answers at equal distances. Times in milliseconds from the beginning. */
export interface Series {
  student: string
  topic: string
  start: number
  every: number
  late: number
  /** Null: none is given. */
  answers: readonly ({ mastery: number; right: boolean; rapid: boolean } | null)[]
}

/** What a part says of itself at equal distances. */
export interface MetricSeries {
  part: string
  measure: PipelineMeasure | 'rejected'
  start: number
  every: number
  /** Null: nothing is written. */
  values: readonly (number | null)[]
  operations: number
  source: string
  ends: boolean
}

export interface Look {
  at: number
  kind: 'item_health' | 'item_drift' | 'model_drift' | 'data_drift'
  topic: string | null
  found: readonly string[] | null
  findings: readonly string[]
}

export interface TestCommand {
  at: number
  command: 'acknowledge' | 'silence' | 'unsilence' | 'not_useful'
  student: string
  rule: string | null
  topic: string | null
  until: number | null
}

/** Fields that are null are not looked at. */
export type Wanted = Readonly<Record<string, string | null>>

export interface Expectation {
  at: number
  /** Null: not looked at. */
  alerts: readonly Wanted[] | null
  told: readonly Wanted[] | null
}

export interface TableTest {
  name: string
  from: number
  tick: number
  series: readonly Series[]
  metrics: readonly MetricSeries[]
  looks: readonly Look[]
  commands: readonly TestCommand[]
  expect: readonly Expectation[]
}

/** Values of a series: each as `VALUE` or `VALUE*TIMES`. Null where one is no number of the range. */
function valuesOf(text: string, max: number): (number | null)[] | null {
  const values: (number | null)[] = []
  for (const part of text.trim().split(/\s+/)) {
    const found = /^(_|\d*\.?\d+)(?:\*(\d{1,4}))?$/.exec(part)
    const value = found?.[1] === '_' ? null : Number(found?.[1] ?? Number.NaN)
    if (value !== null && !(value >= 0 && value <= max)) return null
    for (let n = Number(found?.[2] ?? 1); n > 0; n--) values.push(value)
  }
  return values
}

function listOf(v: unknown, path: Path, problems: Problem[]): readonly Readonly<Record<string, unknown>>[] {
  if (v === undefined || v === null) return []
  if (Array.isArray(v) && v.every(isGroup)) return v
  problems.push({ path, message: 'must be a list' })
  return []
}

function seriesOf(v: Readonly<Record<string, unknown>>, path: Path, problems: Problem[]): Series | null {
  const s = readFields(SERIES_FIELDS, v, path, problems)
  if (typeof s['mastery'] !== 'string') return null
  const mastery = valuesOf(s['mastery'], 1)
  if (mastery === null) {
    problems.push({ path: [...path, 'mastery'], message: 'must be numbers from 0 to 1, such as 0.6 0.5*3 _ 0.4' })
    return null
  }
  const flags = (name: 'right' | 'rapid') => {
    const text = s[name]
    if (typeof text !== 'string') return null
    const values = valuesOf(text, 1)
    if (values?.length !== mastery.length)
      problems.push({
        path: [...path, name],
        message: `must have one 1 or 0 for each of the ${mastery.length} answers`,
      })
    return values
  }
  const right = flags('right')
  const rapid = flags('rapid')
  let before = 0.5
  const answers = mastery.map((m, i) => {
    if (m === null) return null
    const rises = m > before
    before = m
    return { mastery: m, right: right ? right[i] === 1 : rises, rapid: rapid?.[i] === 1 }
  })
  return { ...(s as unknown as Series), answers }
}

const LARGEST = 1e9

function metricsOf(v: Readonly<Record<string, unknown>>, path: Path, problems: Problem[]): MetricSeries | null {
  const s = readFields(METRIC_FIELDS, v, path, problems)
  if (typeof s['values'] !== 'string') return null
  const values = valuesOf(s['values'], LARGEST)
  if (values === null) {
    problems.push({ path: [...path, 'values'], message: 'must be numbers, such as 40*20 900*20 _*4' })
    return null
  }
  return { ...(s as unknown as MetricSeries), values }
}

function testOf(v: Readonly<Record<string, unknown>>, path: Path, problems: Problem[]): TableTest {
  const { answers, metrics, looks, commands, expect, ...rest } = v
  const at = (name: string, i: number) => [...path, name, i]
  const head = readFields(TEST_FIELDS, rest, path, problems)
  const wanted = (list: unknown, where: Path, fields: typeof TOLD_FIELDS) =>
    list === undefined
      ? null
      : listOf(list, where, problems).map((w, i) => readFields(fields, w, [...where, i], problems) as Wanted)
  return {
    ...(head as unknown as TableTest),
    series: listOf(answers, [...path, 'answers'], problems).flatMap(
      (s, i) => seriesOf(s, at('answers', i), problems) ?? [],
    ),
    metrics: listOf(metrics, [...path, 'metrics'], problems).flatMap(
      (s, i) => metricsOf(s, at('metrics', i), problems) ?? [],
    ),
    looks: listOf(looks, [...path, 'looks'], problems).map(
      (l, i) => readFields(LOOK_FIELDS, l, at('looks', i), problems) as unknown as Look,
    ),
    commands: listOf(commands, [...path, 'commands'], problems).map(
      (c, i) => readFields(COMMAND_FIELDS, c, at('commands', i), problems) as unknown as TestCommand,
    ),
    expect: listOf(expect, [...path, 'expect'], problems).map((e, i): Expectation => {
      const { alerts, told, ...when } = e
      const own = at('expect', i)
      if (alerts === undefined && told === undefined)
        problems.push({ path: own, message: 'has neither alerts nor told; an empty list [] says that there are none' })
      return {
        ...(readFields(EXPECT_FIELDS, when, own, problems) as { at: number }),
        alerts: wanted(alerts, [...own, 'alerts'], STANDS_FIELDS),
        told: wanted(told, [...own, 'told'], TOLD_FIELDS),
      }
    }),
  }
}

/** Reads a file of tests. It is whole where there are no problems. */
export function readTableTests(file: unknown): {
  rules: string
  prerequisites: Readonly<Record<string, readonly string[]>>
  tests: TableTest[]
  problems: Problem[]
} {
  const problems: Problem[] = []
  const { tests, prerequisites, ...head } = isGroup(file) ? file : {}
  if (!isGroup(file)) problems.push({ path: [], message: 'must have rules and tests' })
  const { rules } = readFields(TEST_FILE_FIELDS, head, [], problems)
  const before: Record<string, string[]> = {}
  if (isGroup(prerequisites))
    for (const [topic, list] of Object.entries(prerequisites))
      if (Array.isArray(list)) before[topic] = list.map(String)
      else problems.push({ path: ['prerequisites', topic], message: 'must be a list of topics' })
  const found = listOf(tests, ['tests'], problems).map((t, i) => testOf(t, ['tests', i], problems))
  if (found.length === 0) problems.push({ path: [], message: 'has no tests' })
  return { rules: rules as string, prerequisites: before, tests: found, problems }
}
