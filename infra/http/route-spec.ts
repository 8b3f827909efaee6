import type { ComponentName } from './components.ts'

export interface ParameterSpec {
  name: string
  in: 'path' | 'query'
  required: boolean
  about: string
  type: 'string' | 'integer'
}

export interface RouteSpec {
  service: 'collector' | 'api'
  id: string
  method: 'GET' | 'POST'
  path: string
  about: string
  parameters: readonly ParameterSpec[]
  /** Media types of the request's body, the schema of one record in it, and whether JSON may be an array of them. */
  body?: { mediaTypes: readonly string[]; schema: ComponentName; array: boolean }
  /** Status to the schema of its body. Every error has the schema `Error`. */
  replies: Readonly<Record<number, { about: string; schema: ComponentName | null }>>
  /** Needs an API key. */
  keyed: boolean
}

const ERRORS = {
  400: 'The request cannot be read; the message says what to change.',
  401: 'The API key is missing or unknown.',
  403: 'The API key is not for this; the message names the role that is.',
  404: 'Nothing is known under this id or path.',
  413: 'The body or a single record is too large.',
  415: 'Content type or encoding is not taken.',
  422: 'The envelope has a version that is not read.',
  429: 'Too much is waiting, or the tenant sends too fast; Retry-After says when to try again.',
  503: 'A store does not answer; nothing was acknowledged. Try again.',
} as const

export function errors(...codes: (keyof typeof ERRORS)[]): RouteSpec['replies'] {
  return Object.fromEntries(codes.map((c) => [c, { about: ERRORS[c], schema: 'Error' }]))
}

export const path = (name: string, about: string): ParameterSpec => ({
  name,
  in: 'path',
  required: true,
  about,
  type: 'string',
})
export const query = (name: string, about: string, type: ParameterSpec['type'] = 'string'): ParameterSpec => ({
  name,
  in: 'query',
  required: false,
  about,
  type,
})

export const STUDENT = "The tenant's own student id, or a pseudonym of 32 hexadecimal digits."
