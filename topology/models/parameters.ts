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
 * Parameters by model and checksum: their text, and what it says once somebody asked. Content-addressed, so that whoever
 * reads here reads the same; filled by the runtime before a step needs them.
 */
const library = new Map<string, { text: string; parsed?: unknown }>()
const keyOf = (f: ParameterFile) => `${f.model}/${f.sha256}`

export const hasParameters = (f: ParameterFile): boolean => library.has(keyOf(f))

/**
 * Takes the text of a file whose checksum was verified. What it says is found out when it is asked for, so that a file
 * that can't be parsed is refused where its marker stands.
 */
export function provideParameters(f: ParameterFile, text: string): void {
  if (!hasParameters(f)) library.set(keyOf(f), { text })
}

/** @throws ParametersNotLoaded */
export function parametersText(f: ParameterFile): string {
  const held = library.get(keyOf(f))
  if (held === undefined) throw new ParametersNotLoaded(f)
  return held.text
}

/** @throws ParametersNotLoaded, or an Error that names what the model can't read */
export function parametersOf(model: AnyModel, payload: ParameterSource): unknown {
  if (payload === null) return model.defaults
  const f = fileOf(payload)
  if (f === null) return model.parse(JSON.parse(payload))
  if (f.model !== model.id) throw new Error(`The artefact is one of ${f.model}, not of ${model.id}.`)
  const held = library.get(keyOf(f))
  if (held === undefined) throw new ParametersNotLoaded(f)
  held.parsed ??= model.parse(JSON.parse(held.text))
  return held.parsed
}
