import { type Client, Compatibility, RestError, SchemaRegistryClient } from '@confluentinc/schemaregistry'
import { registryName, schemaVersions, subjects } from '@mastery/schemas/src/subjects.ts'
import { TransientError } from '@mastery/topology/ports/failure.ts'
import type { SubjectName } from '@mastery/topology/topics.ts'
import { AvroCodec } from './codec.ts'

/** Features and scores are read by consumers of any age; events must be readable by every later consumer. */
const FULL = new Set<string>(['feature-record', 'mastery-score'])

export function compatibilityOf(subject: string): Compatibility {
  return FULL.has(subject) ? Compatibility.FULL_TRANSITIVE : Compatibility.BACKWARD_TRANSITIVE
}

export interface RegistryOptions {
  /** http(s) URL of a Confluent-compatible registry, or `mock://` for one inside this process. */
  url: string
  /**
   * For `mock://`: the order in which subjects and versions were registered before, so that ids stay what they were
   * in a stored log. Returns the order to keep.
   */
  order?: { load(): string[]; save(order: string[]): void }
  /** Longest pause before the second try at a registry that does not answer, milliseconds; doubled before each further one. */
  retryMs?: number
}

export function registryClient(url: string, retryMs = 1_000): Client {
  return SchemaRegistryClient.newClient({ baseURLs: [url], maxRetries: 3, retriesWaitMs: retryMs })
}

/** Sets a subject's compatibility. Services that start together may all try at once; the one that comes second finds it set. */
async function ensureLevel(client: Client, name: string, level: Compatibility): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const present = await client.getCompatibility(name).catch(() => null)
    if (present === level) return
    try {
      await client.updateCompatibility(name, level)
      return
    } catch (e) {
      // A registry that did not answer at all has been asked several times by the client.
      if (attempt === 5 || !(e instanceof RestError)) throw e
      await new Promise((r) => setTimeout(r, 150 * attempt))
    }
  }
}

/** Registers every version of every subject and gives a codec that writes the newest ones. Idempotent. */
export async function openCodec(options: RegistryOptions): Promise<AvroCodec> {
  const client = registryClient(options.url, options.retryMs)
  const mock = options.url.startsWith('mock://')
  const byName = new Map<string, SubjectName>()
  const entries = new Map<string, { subject: SubjectName; text: string; version: number; newest: boolean }>()
  for (const subject of subjects() as SubjectName[]) {
    const versions = schemaVersions(subject)
    for (const v of versions) {
      byName.set(registryName(v.text), subject)
      entries.set(`${subject}/v${v.version}`, { subject, ...v, newest: v === versions.at(-1) })
    }
  }
  const kept = options.order?.load() ?? []
  const unknown = kept.filter((k) => !entries.has(k))
  if (unknown.length > 0)
    throw new Error(
      `The data folder was written with schema versions that this build lacks: ${unknown.join(', ')}. Use the build that wrote it, or a newer one.`,
    )
  const order = [...kept, ...[...entries.keys()].filter((k) => !kept.includes(k))]
  if (order.length !== kept.length) options.order?.save(order)

  const codec = new AvroCodec(async (id) => {
    try {
      const info = await client.getBySubjectAndId('', id)
      const subject = byName.get(registryName(info.schema))
      return subject ? { subject, text: info.schema } : null
    } catch (e) {
      if (e instanceof RestError && e.status === 404) return null
      throw new TransientError(`The schema registry did not answer for schema ${id}: ${(e as Error).message}`)
    }
  })
  const older: { subject: SubjectName; id: number; text: string; version: number }[] = []
  for (const key of order) {
    const { subject, text, version, newest } = entries.get(key)!
    const name = registryName(text)
    const info = { schemaType: 'AVRO', schema: JSON.stringify(JSON.parse(text)) }
    try {
      if (!mock) await ensureLevel(client, name, compatibilityOf(subject))
      const id = await client.register(name, info, false)
      if (newest) codec.useWriter(subject, id, text, version)
      else older.push({ subject, id, text, version })
    } catch (e) {
      throw new Error(
        `Subject ${name} (${key}) could not be registered at the schema registry: ${(e as Error).message}`,
      )
    }
  }
  for (const o of older) codec.addReader(o.subject, o.id, o.text, o.version)
  return codec
}
