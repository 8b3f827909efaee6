import { describe, expect, it } from 'vitest'
import {
  ArtefactDamaged,
  ArtefactExists,
  ArtefactMissing,
  type ArtefactStore,
  type Manifest,
} from '../ports/artefact-store.ts'

export function manifest(model: string, version: string, created = 1): Omit<Manifest, 'files'> {
  return {
    schema: 1,
    model,
    version,
    created_at: created,
    parent: null,
    training: {
      source: 'a test',
      answers: 10,
      students: 2,
      items: 3,
      topics: 1,
      from: null,
      to: null,
      offsets: {},
      data_sha256: 'aa',
      subjects_sha256: 'bb',
    },
    settings: { seed: 7 },
    metrics: { auc: 0.75 },
  }
}

const files = (text: string) => new Map([['params.json', new TextEncoder().encode(text)]])

/** What every artefact store keeps to. `spoil` changes a byte of a file as a failing disk would. */
export function artefactStoreContract(
  open: () => Promise<{ store: ArtefactStore; spoil(model: string, version: string, file: string): Promise<void> }>,
): void {
  describe('artefact store', () => {
    it('gives back what was published, to the byte', async () => {
      const { store } = await open()
      const published = await store.publish(manifest('bkt', 'v1'), files('{"a":1}'))
      expect(published.files).toEqual([expect.objectContaining({ name: 'params.json', bytes: 7 })])
      const read = await store.read('bkt', 'v1')
      expect(read.manifest).toEqual(published)
      expect(Buffer.from(read.files.get('params.json')!).toString()).toBe('{"a":1}')
    })

    it('publishes the same version twice as once, and never another under its name', async () => {
      const { store } = await open()
      const first = await store.publish(manifest('bkt', 'v1'), files('one'))
      expect(await store.publish(manifest('bkt', 'v1', 2), files('one'))).toEqual(first)
      await expect(store.publish(manifest('bkt', 'v1'), files('two'))).rejects.toThrow(ArtefactExists)
      expect(Buffer.from((await store.read('bkt', 'v1')).files.get('params.json')!).toString()).toBe('one')
    })

    it('keeps one of several that are published at once', async () => {
      const { store } = await open()
      const asked = await Promise.allSettled(
        ['one', 'two', 'six'].map((text) => store.publish(manifest('bkt', 'v1'), files(text))),
      )
      expect(asked.filter((a) => a.status === 'fulfilled')).toHaveLength(1)
      for (const a of asked) if (a.status === 'rejected') expect(a.reason).toBeInstanceOf(ArtefactExists)
      expect((await store.read('bkt', 'v1')).files.size).toBe(1)
    })

    it('lists the newest first, of one model or of all', async () => {
      const { store } = await open()
      await store.publish(manifest('bkt', 'a', 5), files('1'))
      await store.publish(manifest('bkt', 'b', 9), files('2'))
      await store.publish(manifest('irt', 'c', 7), files('3'))
      expect((await store.list()).map((m) => m.version)).toEqual(['b', 'c', 'a'])
      expect((await store.list('bkt')).map((m) => m.version)).toEqual(['b', 'a'])
      expect(await store.list('dkt')).toEqual([])
    })

    it('says which versions there are where one is missing', async () => {
      const { store } = await open()
      await store.publish(manifest('bkt', 'v1'), files('1'))
      await expect(store.read('bkt', 'v2')).rejects.toThrow(ArtefactMissing)
      await expect(store.read('bkt', 'v2')).rejects.toThrow(/there are v1/)
      await expect(store.read('irt', 'v1')).rejects.toThrow(/none has been trained/)
    })

    it('never hands out a file that is not what was published', async () => {
      const { store, spoil } = await open()
      await store.publish(manifest('bkt', 'v1'), files('{"a":1}'))
      await spoil('bkt', 'v1', 'params.json')
      await expect(store.read('bkt', 'v1')).rejects.toThrow(ArtefactDamaged)
    })

    it('refuses names that lead elsewhere', async () => {
      const { store } = await open()
      await expect(store.publish(manifest('../x', 'v1'), files('1'))).rejects.toThrow(/name of a model/)
      await expect(store.publish(manifest('bkt', '.hidden'), files('1'))).rejects.toThrow(/name of a version/)
      await expect(store.publish(manifest('bkt', 'v1'), new Map([['a/b', new Uint8Array(1)]]))).rejects.toThrow(
        /name of a file/,
      )
      await expect(store.read('bkt', '..')).rejects.toThrow(/name of a version/)
    })
  })
}
