import type { AnyServed } from '../served/served.ts'
import type { AnyModel } from './model.ts'

/** Parameters that are too large to travel with a marker: one file of a published artefact, by its contents. */
export interface ParameterFile {
  model: string
  version: string
  file: string
  /** SHA-256 of the file, hexadecimal. The same file gives the same parameters for ever. */
  sha256: string
}

/** What a marker brought for a version: the parameters as JSON, where they stand in an artefact, or null for the defaults. */
export type ParameterSource = string | null

/** The payload of a marker that names a file of an artefact. */
export const filePayload = (f: ParameterFile): string => JSON.stringify({ artefact: f })

/** The file that a payload names; null for one that holds the parameters themselves. */
export function fileOf(payload: ParameterSource): ParameterFile | null {
  // Parameters can be long; a reference begins with its only field.
  if (payload === null || !payload.startsWith('{"artefact":')) return null
  const f = (JSON.parse(payload) as { artefact: Partial<ParameterFile> | null }).artefact
  for (const field of ['model', 'version', 'file', 'sha256'] as const)
    if (typeof f?.[field] !== 'string' || f[field] === '')
      throw new Error(`The marker's artefact names no ${field}; "npx mastery models activate" writes such markers.`)
  return f as ParameterFile
}

/** Parameters of a version that are in an artefact which this process has not read. */
export class ParametersNotLoaded extends Error {
  override name = 'ParametersNotLoaded'

  constructor(f: ParameterFile) {
    super(
      `The parameters of ${f.model} ${f.version} (${f.file}) were not read from the artefact store before they were needed.`,
    )
  }
}

/**
 * Parameters by model and checksum: their bytes, and what these say once somebody asked. Content-addressed, so that
 * whoever reads here reads the same; filled by the runtime before a step needs them.
 */
const library = new Map<string, { bytes: Uint8Array; parsed?: unknown }>()
const keyOf = (f: ParameterFile) => `${f.model}/${f.sha256}`

export const hasParameters = (f: ParameterFile): boolean => library.has(keyOf(f))

/**
 * Takes the bytes of a file whose checksum was verified. What they say is found out when it is asked for, so that a
 * file that can't be parsed is refused where its marker stands.
 */
export function provideParameters(f: ParameterFile, bytes: Uint8Array): void {
  if (!hasParameters(f)) library.set(keyOf(f), { bytes })
}

/** @throws ParametersNotLoaded */
export function parametersBytes(f: ParameterFile): Uint8Array {
  return held(f).bytes
}

function held(f: ParameterFile): { bytes: Uint8Array; parsed?: unknown } {
  const found = library.get(keyOf(f))
  if (found === undefined) throw new ParametersNotLoaded(f)
  return found
}

const textOf = (bytes: Uint8Array) => new TextDecoder('utf-8', { fatal: true }).decode(bytes)

/** What reads parameters: a model that is folded, or a policy. */
type Parameterised = Pick<AnyModel, 'id' | 'defaults' | 'parse'>

/** @throws ParametersNotLoaded, or an Error that names what the model can't read */
export function parametersOf(model: Parameterised, payload: ParameterSource): unknown {
  if (payload === null) return model.defaults
  const f = fileOf(payload)
  if (f === null) return model.parse(JSON.parse(payload))
  if (f.model !== model.id) throw new Error(`The artefact is one of ${f.model}, not of ${model.id}.`)
  const file = held(f)
  file.parsed ??= model.parse(JSON.parse(textOf(file.bytes)))
  return file.parsed
}

/**
 * The artefact of a served model's version.
 * @throws ParametersNotLoaded, or an Error that names what the model can't read
 */
export function servedArtefact(model: AnyServed, payload: ParameterSource): unknown {
  if (payload === null)
    throw new Error(`${model.id} has no version before one is trained; the marker must name an artefact of one.`)
  const f = fileOf(payload)
  if (f === null) return model.parse(new TextEncoder().encode(payload))
  if (f.model !== model.id) throw new Error(`The artefact is one of ${f.model}, not of ${model.id}.`)
  const file = held(f)
  file.parsed ??= model.parse(file.bytes)
  return file.parsed
}
