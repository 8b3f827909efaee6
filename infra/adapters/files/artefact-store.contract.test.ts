import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ArtefactDamaged } from '@mastery/topology/ports/artefact-store.ts'
import { artefactStoreContract, manifest } from '@mastery/topology/testing/artefact-store-contract.ts'
import { afterEach, expect, it } from 'vitest'
import { FileArtefactStore } from './artefact-store.ts'

const folders: string[] = []
const folder = () => {
  folders.push(mkdtempSync(join(tmpdir(), 'artefacts-')))
  return folders.at(-1)!
}
afterEach(() => {
  for (const f of folders.splice(0)) rmSync(f, { recursive: true, force: true })
})

artefactStoreContract(async () => {
  const root = folder()
  return {
    store: new FileArtefactStore(root),
    async spoil(model, version, file) {
      const path = join(root, model, version, file)
      const bytes = readFileSync(path)
      bytes[0]! ^= 1
      writeFileSync(path, bytes)
    },
  }
})

it('does not take what a kill left half-written for a version', async () => {
  const root = folder()
  const store = new FileArtefactStore(root)
  mkdirSync(join(root, 'bkt', '.unfinished-1'), { recursive: true })
  writeFileSync(join(root, 'bkt', '.unfinished-1', 'params.json'), 'half')
  expect(await store.list()).toEqual([])
  await store.publish(manifest('bkt', 'v1'), new Map([['params.json', Buffer.from('whole')]]))
  expect((await store.list()).map((m) => m.version)).toEqual(['v1'])
})

it('lists what can be read, and says what can not', async () => {
  const root = folder()
  const store = new FileArtefactStore(root)
  await store.publish(manifest('bkt', 'v1'), new Map([['params.json', Buffer.from('{}')]]))
  await store.publish(manifest('bkt', 'v2'), new Map([['params.json', Buffer.from('{}')]]))
  writeFileSync(join(root, 'bkt/v2/manifest.json'), '{"schema":9}')
  mkdirSync(join(root, 'bkt/v3'))
  const damaged: string[] = []
  expect((await store.list('bkt', (e) => damaged.push(e.message))).map((m) => m.version)).toEqual(['v1'])
  expect(damaged.sort()).toEqual([expect.stringMatching(/v2.*schema is 9/), expect.stringMatching(/v3.*no manifest/)])
  await expect(store.read('bkt', 'v3')).rejects.toThrow(ArtefactDamaged)
})
