import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { RosterFiles } from '@mastery/topology/roster/read.ts'
import { readZip } from './archive.ts'

const LIMITS = { bytes: 2 * 1024 ** 3, files: 1000 }

/**
 * The files of a roster, from a folder or a ZIP. `inside`: the folder of the ZIP in which they lie, where it has one.
 * @throws Error that says what can't be read
 */
export async function rosterFiles(path: string): Promise<{ files: RosterFiles; inside: string | null }> {
  const found = await stat(path).catch((e: Error) => {
    throw new Error(`${path} can't be read: ${e.message}. Give the folder or the ZIP of a OneRoster.`)
  })
  if (found.isDirectory()) {
    const files = new Map<string, Uint8Array>()
    for (const entry of await readdir(path, { withFileTypes: true }))
      if (entry.isFile() && entry.name.toLowerCase().endsWith('.csv'))
        files.set(entry.name, await readFile(join(path, entry.name)))
    return { files, inside: null }
  }
  const all = await readZip(await readFile(path), LIMITS).catch((e: Error) => {
    throw new Error(`${path}: ${e.message}`, { cause: e })
  })
  // What archivers add of their own is no part of it.
  const names = [...all.keys()].filter((n) => n.toLowerCase().endsWith('.csv') && !/(^|\/)(__MACOSX\/|\._)/.test(n))
  const folderOf = (n: string) => n.slice(0, n.lastIndexOf('/') + 1)
  const folders = new Set(names.map(folderOf))
  const inside = folders.has('') ? '' : ([...folders][0] ?? '')
  if (!folders.has('') && folders.size > 1)
    throw new Error(
      `${path} has CSV files in several folders (${[...folders].join(', ')}): put those of one roster at its top.`,
    )
  const files = new Map(names.filter((n) => folderOf(n) === inside).map((n) => [n.slice(inside.length), all.get(n)!]))
  return { files, inside: inside === '' ? null : inside }
}
