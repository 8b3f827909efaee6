import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { learnerOf } from '@mastery/topology/evaluation/card/described.ts'
import { LoadError } from '@mastery/topology/evaluation/loaders/load-error.ts'
import type { Manifest } from '@mastery/topology/ports/artefact-store.ts'
import { LEARNERS } from '../learners.ts'

/** An artefact that somebody names: which learner reads it, and what it is called in the evaluation. */
export interface NamedArtefact {
  learner: string
  name: string
  bytes: Uint8Array
}

/** File of a published version that its learner reads. */
const PARAMETERS = 'parameters.json'

/**
 * `given` is the folder of a published version, a file named after its model (`bkt.artefact`), or MODEL=FILE.
 * @throws LoadError that says what to do
 */
export function readArtefact(given: string, resolve: (path: string) => string): NamedArtefact {
  const eq = given.indexOf('=')
  const path = resolve(given.slice(eq + 1))
  if (!existsSync(path)) throw new LoadError(path, {}, 'There is no such file. Give an artefact to --load.')
  if (statSync(path).isDirectory()) return published(path)
  const learner = eq > 0 ? given.slice(0, eq) : basename(path).replace(/\..*$/, '')
  if (!LEARNERS.some((l) => l.id === learner))
    throw new LoadError(
      basename(path),
      {},
      `Which model is it? Give --load MODEL=FILE, with one of ${LEARNERS.map((l) => l.id).join(', ')}.`,
    )
  return { learner, name: learner, bytes: readFileSync(path) }
}

function published(folder: string): NamedArtefact {
  const file = join(folder, 'manifest.json')
  let manifest: Manifest
  try {
    manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest
  } catch (e) {
    throw new LoadError(folder, {}, `It is no folder of a version: ${(e as Error).message}.`, { cause: e })
  }
  const entry = manifest.files.find((f) => f.name === PARAMETERS) ?? manifest.files[0]
  const bytes = entry ? readFileSync(join(folder, entry.name)) : Buffer.alloc(0)
  if (!entry || createHash('sha256').update(bytes).digest('hex') !== entry.sha256)
    throw new LoadError(folder, {}, 'Its checksum is not that of its manifest. Restore it, or train it again.')
  const learner = learnerOf(manifest)
  if (!LEARNERS.some((l) => l.id === learner))
    throw new LoadError(folder, {}, `It was made by the learner ${learner}, which is not known here.`)
  return { learner, name: `${manifest.model} ${manifest.version}`, bytes }
}
