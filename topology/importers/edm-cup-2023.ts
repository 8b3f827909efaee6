import { Counter, checkOptions, EventSource, gradeBinary, reject } from './imported-event.ts'
import type { ImportFormat, ImportOutcome } from './importer.ts'

/**
 * EDM Cup 2023 (ASSISTments) answers as JSON: user_id, item_id, skill_ids, timestamp (epoch ms), correct,
 * action_sequence_id, latency_ms, help_requested. One array, or one object per line. Attempts at an item are counted
 * within an action sequence, the assignment, which is also the context. help_requested covers hints, explanations and
 * answers, so it is help_requests 1 or 0, and hints stays null.
 */
export const edmCup2023: ImportFormat = {
  id: 'edm-cup-2023',
  summary: 'EDM Cup 2023 answers as a JSON array or NDJSON (user_id, item_id, skill_ids, timestamp, correct, ...)',
  companions: [],
  container: 'json',
  rows: 'ordered',
  open({ options, context }) {
    checkOptions('edm-cup-2023', options, [])
    const source = new EventSource(context, 'edm-cup', 'edm-cup-2023')
    const attempts = new Counter()
    return {
      row: (raw, line) => readAnswer(raw, line, source, attempts),
      end: () => [],
      forget(student) {
        attempts.forget(student)
        source.forget(student)
      },
    }
  },
}

function readAnswer(raw: string, line: number, source: EventSource, attempts: Counter): ImportOutcome[] {
  const row = parseObject(raw)
  if (row === null) return reject('bad_json', 'This is not a JSON object. Correct the file at this line.', raw, line)
  const student = textOf(row['user_id'])
  if (student === null) return reject('missing_student', 'user_id is missing. Give a text or a number.', raw, line)
  const whose = source.pseudonym(student)
  const item = textOf(row['item_id'])
  if (item === null) return reject('missing_item', 'item_id is missing. Give a text or a number.', raw, line, whose)
  const { timestamp, skill_ids: skills, help_requested: help } = row
  if (!isWhole(timestamp)) return reject('bad_time', 'timestamp is missing or no epoch milliseconds.', raw, line, whose)
  const correct = { 0: false, 1: true, false: false, true: true }[String(row['correct'])]
  if (correct === undefined) return reject('bad_correct', 'correct is missing. Give 1 or 0.', raw, line, whose)
  const topics = skills == null ? [] : Array.isArray(skills) ? skills.map(textOf) : [null]
  if (!topics.every((topic) => topic !== null)) {
    return reject('bad_topics', 'skill_ids is no list of texts. Give a list, which may be empty.', raw, line, whose)
  }
  const latency = row['latency_ms'] ?? null
  if (latency !== null && !isWhole(latency)) {
    return reject(
      'bad_number',
      'latency_ms is no whole number of milliseconds. Correct it, or give null.',
      raw,
      line,
      whose,
    )
  }
  const sequence = textOf(row['action_sequence_id'])
  const unique = [...new Set(topics)]
  const event = source.event(student, line, timestamp, 'practice_attempt', 'evidence', item, unique)
  gradeBinary(event, correct)
  event.session = event.context = sequence
  event.response_time_ms = latency
  event.help_requests = help == null ? null : help === true || help === 1 ? 1 : 0
  source.attempt(event, attempts.next(student, JSON.stringify([sequence, item])))
  source.identifyByOccurrence(event)
  return [{ type: 'event', event }]
}

function parseObject(raw: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(raw)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
  } catch {
    return null
  }
}

function textOf(value: unknown): string | null {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : null
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
