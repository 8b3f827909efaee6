import { schemaVersions, subjects } from '@mastery/schemas/src/subjects.ts'
import { CodecError } from '@mastery/topology/ports/codec.ts'
import type { SubjectName } from '@mastery/topology/topics.ts'
import { describe, expect, it } from 'vitest'
import { AvroCodec } from './codec.ts'
import { validFixtures } from './fixtures.ts'
import { openCodec } from './registry.ts'

/** Keeps the order of registration, as a data folder does. */
function folder(order: string[] = []) {
  const kept = { order, saves: 0 }
  return {
    kept,
    load: () => [...kept.order],
    save: (next: string[]) => {
      kept.order = next
      kept.saves++
    },
  }
}

const one = new Map(validFixtures().map((f) => [f.subject, f.value]))
const ids = (codec: AvroCodec) =>
  Object.fromEntries((subjects() as SubjectName[]).map((s) => [s, codec.encode(s, one.get(s)).readUInt32BE(1)]))

const versionsOf = (s: string) => schemaVersions(s).map(({ version }) => `${s}/v${version}`)
const newest = (s: string) => versionsOf(s).at(-1)!
const VERSIONS = subjects().flatMap(versionsOf)

describe('a registry inside the process', () => {
  it('gives the same ids each time it is opened with the kept order, which it saves once', async () => {
    const order = folder()
    const first = await openCodec({ url: 'mock://stable', order })
    const second = await openCodec({ url: 'mock://stable', order })
    expect(ids(second)).toEqual(ids(first))
    expect(new Set(Object.values(ids(first))).size).toBe(subjects().length)
    expect(order.kept.saves).toBe(1)
    expect(order.kept.order).toHaveLength(VERSIONS.length)
  })

  it('reads what it wrote before it was opened again', async () => {
    const order = folder()
    const first = await openCodec({ url: 'mock://again', order })
    const written = [...one].map(([subject, value]) => [subject, Buffer.from(first.encode(subject, value))] as const)
    const second = await openCodec({ url: 'mock://again', order })
    for (const [subject, bytes] of written)
      expect(second.decode(bytes)).toMatchObject({ subject, version: schemaVersions(subject).at(-1)!.version })
  })

  it('keeps the ids of a folder whose order is another than that of the names', async () => {
    const backwards = VERSIONS.toReversed()
    const order = folder(backwards)
    const before = ids(await openCodec({ url: 'mock://backwards', order }))
    expect(subjects().map((s) => before[s])).toEqual(subjects().map((s) => backwards.indexOf(newest(s)) + 1))
    expect(order.kept.saves).toBe(0)
  })

  it('gives subjects that are new to a folder the ids after the known ones', async () => {
    const known = subjects().slice(3).flatMap(versionsOf)
    const order = folder(known)
    const found = ids(await openCodec({ url: 'mock://grown', order }))
    expect(
      subjects()
        .slice(3)
        .map((s) => found[s]),
    ).toEqual(
      subjects()
        .slice(3)
        .map((s) => known.indexOf(newest(s)) + 1),
    )
    expect(order.kept.order.slice(0, known.length)).toEqual(known)
    expect(order.kept.saves).toBe(1)
  })

  it('refuses a folder of a newer build by name', async () => {
    await expect(openCodec({ url: 'mock://newer', order: folder(['tick/v1', 'tick/v9']) })).rejects.toThrow(
      /lacks: tick\/v9\. Use the build that wrote it/,
    )
  })
})

describe('an id that the codec has not seen', () => {
  const tick = schemaVersions('tick')[0]!.text
  const reading = (answer: { subject: SubjectName; text: string } | null) => {
    const codec = new AvroCodec(async () => answer)
    codec.useWriter('tick', 1, tick)
    return codec
  }
  const message = Buffer.from([0, 0, 0, 0, 2, 2])
  const code = (codec: AvroCodec) => {
    try {
      return codec.decode(message)
    } catch (e) {
      return (e as CodecError).code
    }
  }

  it('is learnt where the registry knows it', async () => {
    const codec = reading({ subject: 'tick', text: tick })
    expect(code(codec)).toBe('unknown_schema')
    expect(await codec.learn(2)).toBe(true)
    expect(codec.decode(message)).toEqual({ subject: 'tick', value: { at: 1 }, version: 0 })
  })

  it('stays unknown where the registry does not know it', async () => {
    const codec = reading(null)
    expect(await codec.learn(2)).toBe(false)
    expect(code(codec)).toBe('unknown_schema')
  })

  it('is refused with the reason, and stops nothing, where this build cannot read that version', async () => {
    const other = tick.replace('"at"', '"moment"')
    const codec = reading({ subject: 'tick', text: other })
    expect(await codec.learn(2)).toBe(false)
    expect(() => codec.decode(message)).toThrow(CodecError)
    expect(() => codec.decode(message)).toThrow(
      /version of tick that this build can't read.*Replay the record after an upgrade/,
    )
  })
})
