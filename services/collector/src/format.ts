import type { RejectCode } from '@mastery/topology/rejects/codes.ts'
import { caliper } from '@mastery/topology/stages/intake/caliper.ts'
import { normalise } from '@mastery/topology/stages/intake/normalise.ts'
import { DEEPEST, type IntakeReader, isObject, nestedTooDeeply } from '@mastery/topology/stages/intake/outcome.ts'
import { xapi } from '@mastery/topology/stages/intake/xapi.ts'

/** What stands in a body: its records, or the reason why the body as a whole is refused. */
export type Opened =
  | { type: 'records'; records: readonly unknown[]; layout: 'single' | 'array' | 'wrapped' }
  | { type: 'problem'; status: 400 | 422; code: RejectCode; message: string }

/** A wire format of one route. */
export interface Format {
  /** Named by rejects as their origin. */
  route: string
  /** As ops-metric names what came by it. */
  source: string
  mediaTypes: readonly string[]
  open(json: unknown): Opened
  read: IntakeReader
}

export const NDJSON = 'application/x-ndjson'

function oneOrMany(json: unknown): Opened {
  return Array.isArray(json)
    ? { type: 'records', records: json, layout: 'array' }
    : { type: 'records', records: [json], layout: 'single' }
}

export const OWN: Format = {
  route: '/v1/events',
  source: 'json',
  mediaTypes: ['application/json', NDJSON, 'application/ndjson'],
  open: oneOrMany,
  read: normalise,
}

export const XAPI: Format = {
  route: '/v1/xapi/statements',
  source: 'xapi',
  mediaTypes: ['application/json'],
  open: oneOrMany,
  read: xapi,
}

const VERSIONS = /^http:\/\/purl\.imsglobal\.org\/ctx\/caliper\/v1p[12]$/

export const CALIPER: Format = {
  route: '/v1/caliper',
  source: 'caliper',
  mediaTypes: ['application/json'],
  open: openEnvelope,
  read: caliper,
}

function openEnvelope(json: unknown): Opened {
  const fail = (status: 400 | 422, code: RejectCode, message: string): Opened => ({
    type: 'problem',
    status,
    code,
    message,
  })
  const needed = 'an envelope is {"sensor", "sendTime", "dataVersion", "data": [...]}'
  if (!isObject(json)) return fail(400, 'bad_envelope', `The body is no envelope: ${needed}.`)
  const wrong = ['sensor', 'sendTime', 'dataVersion'].filter((name) => typeof json[name] !== 'string')
  const { data } = json
  if (!Array.isArray(data) || data.length === 0) wrong.push('data')
  if (wrong.length > 0) return fail(400, 'bad_envelope', `The envelope lacks ${wrong.join(', ')}: ${needed}.`)
  if (!VERSIONS.test(String(json['dataVersion'])))
    return fail(
      422,
      'unknown_version',
      'dataVersion is not read here: send Caliper 1.1 or 1.2, http://purl.imsglobal.org/ctx/caliper/v1p2.',
    )
  if (nestedTooDeeply(data))
    return fail(400, 'nested_too_deeply', `The envelope is nested deeper than ${DEEPEST} levels.`)
  return { type: 'records', records: data as unknown[], layout: 'wrapped' }
}

/** Every route's format; a reject's origin names its route. */
export const FORMATS: readonly Format[] = [OWN, XAPI, CALIPER]
