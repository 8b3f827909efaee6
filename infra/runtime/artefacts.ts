import { hasParameters, type ParameterFile, provideParameters } from '@mastery/topology/models/parameters.ts'
import type { ArtefactStore } from '@mastery/topology/ports/artefact-store.ts'
import { TransientError } from '@mastery/topology/ports/failure.ts'
import { filesOfMeta } from '@mastery/topology/stages/scoring/markers.ts'
import { SCORE_META, type ScoreMeta } from '@mastery/topology/stages/scoring/meta.ts'

/** Makes files of artefacts known to the models of this thread. */
export type ProvideFiles = (files: readonly ParameterFile[]) => Promise<void>

/**
 * Reads from a store. A file that is missing or damaged is taken for a store that is not whole yet: whoever needs it
 * waits and says so, since going on without the version would score with another one.
 */
export function provideFrom(store: ArtefactStore): ProvideFiles {
  return async (files) => {
    for (const f of files) {
      if (hasParameters(f)) continue
      try {
        const { manifest, files: held } = await store.read(f.model, f.version)
        const entry = manifest.files.find((m) => m.name === f.file)
        if (!entry || entry.sha256 !== f.sha256)
          throw new Error(
            `Version ${f.version} of ${f.model} in the artefact store is not the one that was prepared: its ${f.file} has another checksum. Restore the folder from which "npx mastery models prepare" was run.`,
          )
        provideParameters(f, held.get(f.file)!)
      } catch (cause) {
        throw new TransientError((cause as Error).message, { cause })
      }
    }
  }
}

/** The scoring stage's partition state, with the parameters of its versions at hand; null bytes: before any record. */
export async function readScoreMeta(bytes: Uint8Array | null | undefined, provide: ProvideFiles): Promise<ScoreMeta> {
  const meta = bytes ? SCORE_META.decode(bytes, '') : SCORE_META.empty('')
  await provide(filesOfMeta(meta))
  return meta
}
