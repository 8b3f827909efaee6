import { HttpError } from '@mastery/infra/http/call.ts'
import { parseInstant } from '@mastery/topology/importers/clock.ts'
import { MODEL_IDS } from '@mastery/topology/stages/scoring/in-force.ts'

export const DEFAULT_LIMIT = 100
export const MOST = 1000

/** Rows at most. Throws HttpError 400. */
export function limitOf(query: URLSearchParams): number {
  const text = query.get('limit')
  if (text === null) return DEFAULT_LIMIT
  const limit = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (limit < 1 || limit > MOST) throw new HttpError(400, 'bad_limit', `limit is a whole number from 1 to ${MOST}.`)
  return limit
}

/** UTC milliseconds, null where the parameter is left out. Throws HttpError 400. */
export function instantOf(query: URLSearchParams, name: string): number | null {
  const text = query.get(name)
  if (text === null) return null
  const at = parseInstant(text.trim())
  if (at === null)
    throw new HttpError(
      400,
      `bad_${name}`,
      `${name} is no time: send ISO 8601, such as 2026-09-01T08:30:00Z, or epoch milliseconds.`,
    )
  return at
}

/** A model id, null where the parameter is left out. Throws HttpError 400. */
export function modelOf(query: URLSearchParams, name: string): string | null {
  const id = query.get(name)
  if (id === null || MODEL_IDS.includes(id)) return id
  throw new HttpError(400, 'unknown_model', `${name} names no model here: send one of ${MODEL_IDS.join(', ')}.`)
}
