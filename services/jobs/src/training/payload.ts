import { RAPID_GUESSES } from '@mastery/topology/effort/rapid-policy.ts'
import { MODELS } from '@mastery/topology/models/catalog.ts'
import { filePayload } from '@mastery/topology/models/parameters.ts'
import type { ArtefactStore, Manifest } from '@mastery/topology/ports/artefact-store.ts'
import { SERVED_AND_BLEND } from '@mastery/topology/served/catalog.ts'
import { PARAMETERS } from './publish.ts'

/** Parameters up to this size travel with their marker; larger ones stay in the artefact. */
const TRAVELS_BYTES = 64 * 1024

/** A model of the stream that takes versions, or a policy. */
export interface Streaming {
  id: string
  /** What its markers are about. */
  subject: 'model' | 'policy'
  /** What is in force before anything was trained, and what a first version is rolled back to. */
  defaultVersion: string
  /** Parameters that are text, so that a marker can hold small ones. */
  travels: boolean
  /** @throws Error that says what the model can't read */
  check(bytes: Uint8Array): void
}

/** Everything of the stream that takes versions: its models, and the policy on rapid guesses. */
export const STREAMING: readonly Streaming[] = [
  ...MODELS.map((m) => ({
    id: m.id,
    subject: 'model' as const,
    defaultVersion: m.defaultVersion,
    travels: true,
    check: (bytes: Uint8Array) => void m.parse(JSON.parse(Buffer.from(bytes).toString('utf8'))),
  })),
  ...SERVED_AND_BLEND.map((m) => ({
    id: m.id,
    subject: 'model' as const,
    defaultVersion: m.without,
    travels: false,
    check: (bytes: Uint8Array) => void m.parse(bytes),
  })),
  {
    id: RAPID_GUESSES.id,
    subject: 'policy',
    defaultVersion: RAPID_GUESSES.off,
    travels: true,
    check: (bytes) => void RAPID_GUESSES.parse(JSON.parse(Buffer.from(bytes).toString('utf8'))),
  },
]

/**
 * What a marker says of a trained version, and its manifest.
 * @throws Error that says what is wrong with the version
 */
export async function versionPayload(
  artefacts: ArtefactStore,
  model: Streaming,
  version: string,
): Promise<{ manifest: Manifest; payload: string }> {
  const { manifest, files } = await artefacts.read(model.id, version)
  const bytes = files.get(PARAMETERS)
  if (!bytes) throw new Error(`Version ${version} of ${model.id} has no ${PARAMETERS}; train it again.`)
  try {
    model.check(bytes)
  } catch (cause) {
    throw new Error(`${model.id} can't read version ${version}: ${(cause as Error).message}`, { cause })
  }
  const { sha256 } = manifest.files.find((f) => f.name === PARAMETERS)!
  const payload =
    model.travels && bytes.length <= TRAVELS_BYTES
      ? Buffer.from(bytes).toString('utf8')
      : filePayload({ model: model.id, version, file: PARAMETERS, sha256 })
  return { manifest, payload }
}
