import { createHash, randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Artefact,
  ArtefactDamaged,
  ArtefactExists,
  ArtefactMissing,
  type ArtefactStore,
  checkArtefactName,
  type Manifest,
} from '@mastery/topology/ports/artefact-store.ts'

const MANIFEST = 'manifest.json'
/** Folders of versions that are being written; what a kill left there is never read. */
const UNFINISHED = '.unfinished-'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const code = (e: unknown) => (e as NodeJS.ErrnoException).code

/**
 * `<root>/<model>/<version>/manifest.json` and the files beside it. A version appears by one rename, after its bytes are
 * on the disk; so several processes may share the folder, over a network file system too.
 */
export class FileArtefactStore implements ArtefactStore {
  private readonly root: string

  constructor(root: string) {
    this.root = root
  }

  async publish(given: Omit<Manifest, 'files'>, files: ReadonlyMap<string, Uint8Array>): Promise<Manifest> {
    const { model, version } = given
    checkArtefactName('model', model)
    checkArtefactName('version', version)
    for (const name of files.keys()) {
      checkArtefactName('file', name)
      if (name === MANIFEST) throw new Error(`A file of an artefact can't be called ${MANIFEST}.`)
    }
    const manifest: Manifest = {
      ...given,
      files: [...files].map(([name, b]) => ({ name, bytes: b.length, sha256: sha256(b) })),
    }
    const home = join(this.root, model)
    const unfinished = join(home, `${UNFINISHED}${randomUUID()}`)
    await mkdir(unfinished, { recursive: true })
    try {
      for (const [name, bytes] of files) await writeSynced(join(unfinished, name), bytes)
      await writeSynced(join(unfinished, MANIFEST), Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`))
      await rename(unfinished, join(home, version))
    } catch (e) {
      await rm(unfinished, { recursive: true, force: true })
      if (code(e) !== 'ENOTEMPTY' && code(e) !== 'EEXIST') throw e
      const there = await this.manifest(model, version)
      if (JSON.stringify(there.files) !== JSON.stringify(manifest.files)) throw new ArtefactExists(model, version)
      return there
    }
    await syncFolder(home)
    return manifest
  }

  async list(model?: string, damaged?: (e: ArtefactDamaged) => void): Promise<Manifest[]> {
    const found: Manifest[] = []
    for (const m of model === undefined ? await folders(this.root) : [model])
      for (const v of await folders(join(this.root, m)))
        try {
          found.push(await this.manifest(m, v))
        } catch (e) {
          if (!(e instanceof ArtefactDamaged)) throw e
          damaged?.(e)
        }
    return found.sort((a, b) => b.created_at - a.created_at || (a.version < b.version ? 1 : -1))
  }

  async read(model: string, version: string): Promise<Artefact> {
    checkArtefactName('model', model)
    checkArtefactName('version', version)
    const manifest = await this.manifest(model, version)
    const files = new Map<string, Uint8Array>()
    for (const f of manifest.files) {
      checkArtefactName('file', f.name)
      const bytes = await readFile(join(this.root, model, version, f.name)).catch((cause: Error) => {
        throw new ArtefactDamaged(model, version, `its file ${f.name} can't be read (${cause.message})`, { cause })
      })
      if (bytes.length !== f.bytes || sha256(bytes) !== f.sha256)
        throw new ArtefactDamaged(model, version, `its file ${f.name} is not what its checksum says`)
      files.set(f.name, bytes)
    }
    return { manifest, files }
  }

  private async manifest(model: string, version: string): Promise<Manifest> {
    let text: string
    try {
      text = await readFile(join(this.root, model, version, MANIFEST), 'utf8')
    } catch (e) {
      if (code(e) !== 'ENOENT') throw e
      const known = await folders(join(this.root, model))
      if (known.includes(version)) throw new ArtefactDamaged(model, version, `it has no ${MANIFEST}`)
      throw new ArtefactMissing(model, version, known.sort().reverse())
    }
    try {
      const m = JSON.parse(text) as Manifest
      if (m.schema !== 1) throw new Error(`its schema is ${m.schema}, and this service reads 1`)
      if (m.model !== model || m.version !== version) throw new Error(`its manifest is that of ${m.model} ${m.version}`)
      if (!Array.isArray(m.files)) throw new Error('its manifest names no files')
      return m
    } catch (e) {
      throw new ArtefactDamaged(model, version, (e as Error).message, { cause: e })
    }
  }
}

async function folders(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch((e: unknown) => {
    if (code(e) === 'ENOENT') return []
    throw e
  })
  return entries.filter((e) => e.isDirectory() && !e.name.startsWith('.')).map((e) => e.name)
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx')
  await closing(file, async () => {
    await file.writeFile(bytes)
    await file.sync()
  })
}

/** A rename is kept over a power cut only once its folder is on the disk too. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  await closing(folder, () => folder.sync())
}

async function closing(file: FileHandle, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } finally {
    await file.close()
  }
}
