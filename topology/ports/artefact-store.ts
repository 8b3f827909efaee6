/**
 * A trained model as it is kept: what it is, what it was made of, how good it was when it was made. Written once and
 * never changed; a version names the same bytes for ever.
 */
export interface Manifest {
  schema: 1
  /** The learner that made it, and so the model that can read it. */
  model: string
  /** Unique within the model. */
  version: string
  /** UTC milliseconds. */
  created_at: number
  /** Version it was trained on from, or that it is to replace; null for the first. */
  parent: string | null
  training: TrainingCut
  /** What the fit was told: seed, limits, hyperparameters. */
  settings: Readonly<Record<string, string | number | boolean | null>>
  /** Measured on answers that the fit did not see, by name; empty where none were kept aside. */
  metrics: Readonly<Record<string, number>>
  files: readonly ArtefactFile[]
}

/** Which answers a version was trained on. */
export interface TrainingCut {
  /** What they were read from, in words: a file's name, or gold and its generation. */
  source: string
  answers: number
  students: number
  items: number
  topics: number
  /** First and last event time, UTC milliseconds; null where the source has no clock. */
  from: number | null
  to: number | null
  /** Per partition of learning.events: one beyond the last offset that was used; empty for files. */
  offsets: Readonly<Record<string, number>>
  /** SHA-256 over the answers, hexadecimal. */
  data_sha256: string
  /** SHA-256 over the sorted pseudonyms, hexadecimal: tells whether two versions were trained on the same students. */
  subjects_sha256: string
}

export interface ArtefactFile {
  name: string
  bytes: number
  /** Hexadecimal. */
  sha256: string
}

export interface Artefact {
  manifest: Manifest
  files: ReadonlyMap<string, Uint8Array>
}

/** Trained models by model and version. */
export interface ArtefactStore {
  /**
   * Keeps all files and the manifest, or nothing of them. Names are letters, digits, `.`, `_` and `-`.
   * @throws ArtefactExists where the version is there with other contents; with the same it is a no-op
   */
  publish(manifest: Omit<Manifest, 'files'>, files: ReadonlyMap<string, Uint8Array>): Promise<Manifest>
  /** Newest first; of one model, or of all. What can't be read is left out and told to `damaged`. */
  list(model?: string, damaged?: (e: ArtefactDamaged) => void): Promise<Manifest[]>
  /**
   * Everything of one version, each file as its checksum says.
   * @throws ArtefactMissing
   * @throws ArtefactDamaged
   */
  read(model: string, version: string): Promise<Artefact>
}

export class ArtefactMissing extends Error {
  override name = 'ArtefactMissing'

  constructor(model: string, version: string, known: readonly string[]) {
    const has = known.length === 0 ? 'none has been trained' : `there are ${known.slice(0, 5).join(', ')}`
    super(`There is no version ${version} of ${model}: ${has}. "npx mastery models list" shows them.`)
  }
}

export class ArtefactExists extends Error {
  override name = 'ArtefactExists'

  constructor(model: string, version: string) {
    super(
      `Version ${version} of ${model} is there already with other contents. A version never changes: choose another.`,
    )
  }
}

export class ArtefactDamaged extends Error {
  override name = 'ArtefactDamaged'

  constructor(model: string, version: string, what: string, options?: ErrorOptions) {
    super(
      `Version ${version} of ${model} can't be used: ${what}. Restore its folder from a backup, or train it again with the settings of its manifest.`,
      options,
    )
  }
}

/** @throws Error that says which name is not allowed */
export function checkArtefactName(kind: string, name: string): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name))
    throw new Error(
      `"${name}" can't be the name of a ${kind}: up to 100 letters, digits, ".", "_" and "-", a letter or digit first.`,
    )
}
