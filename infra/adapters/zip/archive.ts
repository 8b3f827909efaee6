import { configure, Uint8ArrayReader, Uint8ArrayWriter, ZipReader, ZipWriter } from '@zip.js/zip.js'

// Threads would outlive the reading; files are small enough without.
configure({ useWebWorkers: false })

export interface ZipLimits {
  /** Bytes of all files together, unpacked. */
  bytes: number
  files: number
}

/** A ZIP that can't be read; the message says why and what to do. */
export class ZipRefused extends Error {
  override name = 'ZipRefused'
}

/**
 * Every file of a ZIP by its path, checksums verified.
 * @throws ZipRefused for what is no ZIP, is damaged, encrypted, or larger than the limits
 */
export async function readZip(bytes: Uint8Array, limits: ZipLimits): Promise<Map<string, Uint8Array>> {
  const reader = new ZipReader(new Uint8ArrayReader(bytes), { checkSignature: true })
  try {
    const entries = await reader.getEntries()
    if (entries.length > limits.files)
      throw new ZipRefused(`It has ${entries.length} entries, more than ${limits.files}.`)
    let total = 0
    for (const e of entries) total += e.uncompressedSize
    if (total > limits.bytes)
      throw new ZipRefused(`Unpacked it has ${total} bytes, more than ${limits.bytes}: unpack it, and give the folder.`)
    const files = new Map<string, Uint8Array>()
    for (const e of entries) {
      if (e.directory) continue
      if (e.encrypted) throw new ZipRefused(`${e.filename} is encrypted: unpack it, and give the folder.`)
      const data = await e.getData(new Uint8ArrayWriter())
      if (data.length !== e.uncompressedSize)
        throw new ZipRefused(`${e.filename} has another length than the ZIP says.`)
      files.set(e.filename, data)
    }
    return files
  } catch (cause) {
    if (cause instanceof ZipRefused) throw cause
    throw new ZipRefused(`It can't be read as a ZIP: ${(cause as Error).message}.`, { cause })
  } finally {
    await reader.close()
  }
}

export async function writeZip(files: ReadonlyMap<string, Uint8Array>): Promise<Uint8Array> {
  const writer = new ZipWriter(new Uint8ArrayWriter())
  for (const [name, data] of files) await writer.add(name, new Uint8ArrayReader(data))
  return writer.close()
}
