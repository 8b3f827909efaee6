import { AvroDeserializer, SerdeType } from '@confluentinc/schemaregistry'
import { AvroCodec } from '@mastery/infra/adapters/schema-registry/codec.ts'
import { registryClient } from '@mastery/infra/adapters/schema-registry/registry.ts'
import { schemaVersions } from '@mastery/schemas/src/subjects.ts'
import { type Ceiling, type Figure, figure, type Lap, Stopwatch } from './measure.ts'
import type { Case } from './scenario.ts'
import { typicalAnswers } from './school.ts'

const SUBJECT = 'learning-event'
const TOPIC = 'learning.events'
const ROUNDS = 5

const DECODE: Ceiling = { value: 1_810_000, what: 'avsc decode with a cached resolver, 151-byte record of 11 fields' }
const ENCODE: Ceiling = { value: 425_000, what: 'avsc encode of a 12-double feature row (3.35 - 1.00 us)' }
const CLIENT: Ceiling = { value: 70_700, what: "the client's AvroDeserializer, writer schema only, one after another" }
const CLIENT_EVOLVED: Ceiling = { value: 25_800, what: "the client's AvroDeserializer, evolved reader" }

/** The newest schema with one more field, as the next version would bring it. */
function evolved(text: string): string {
  const schema = JSON.parse(text) as { fields: unknown[] }
  schema.fields.push({ name: 'device', type: ['null', 'string'], default: null, doc: 'What the student used.' })
  return JSON.stringify(schema)
}

/** Runs `work` in rounds and keeps the median one, so that one disturbed round decides nothing. */
async function median(records: number, work: () => void | Promise<void>): Promise<{ lap: Lap; spread: string }> {
  await work()
  const laps: Lap[] = []
  for (let i = 0; i < ROUNDS; i++) {
    const watch = new Stopwatch()
    watch.start()
    await work()
    laps.push(await watch.stop())
  }
  laps.sort((a, b) => a.seconds - b.seconds)
  const rate = (l: Lap) => Math.round(records / l.seconds).toLocaleString('en')
  return { lap: laps[ROUNDS >> 1]!, spread: `${rate(laps.at(-1)!)} to ${rate(laps[0]!)} /s in ${ROUNDS} rounds` }
}

const codec: Case = async ({ quick, note }) => {
  const text = schemaVersions(SUBJECT).at(-1)!.text
  const answers = typicalAnswers(2000)
  const client = registryClient('mock://')
  const info = (schema: string) => ({ schemaType: 'AVRO', schema: JSON.stringify(JSON.parse(schema)) })
  const id = await client.register(`${TOPIC}-value`, info(text), false)
  const nextId = await client.register(`${TOPIC}-value`, info(evolved(text)), false)

  const same = new AvroCodec(async () => null)
  same.useWriter(SUBJECT, id, text)
  const newer = new AvroCodec(async () => null)
  newer.useWriter(SUBJECT, nextId, evolved(text))
  newer.addReader(SUBJECT, id, text)

  const bytes = answers.map((a) => Buffer.from(same.encode(SUBJECT, a)))
  const size = Math.round(bytes.reduce((n, b) => n + b.length, 0) / bytes.length)
  const out: Figure[] = []
  const measured = async (
    what: string,
    records: number,
    ceiling: Ceiling,
    goal: number | null,
    work: () => unknown,
  ) => {
    note(`${what}, ${records.toLocaleString('en')} records a round`)
    const { lap, spread } = await median(records, async () => void (await work()))
    const about = { scenario: 'codec', what, records, ceiling, ...(goal === null ? {} : { goal }) }
    const f = figure(about, lap, { rounds: spread, record_bytes: size })
    out.push(f)
    return f
  }

  const many = quick ? 40_000 : 400_000
  const few = quick ? 4_000 : 40_000
  await measured('encode', many, ENCODE, null, () => {
    for (let i = 0; i < many; i++) same.encode(SUBJECT, answers[i % answers.length])
  })
  const ours = await measured('decode', many, DECODE, 500_000, () => {
    for (let i = 0; i < many; i++) same.decode(bytes[i % bytes.length]!)
  })
  const oursEvolved = await measured('decode, older writer', many, DECODE, null, () => {
    for (let i = 0; i < many; i++) newer.decode(bytes[i % bytes.length]!)
  })

  const plain = new AvroDeserializer(client, SerdeType.VALUE, {})
  const latest = new AvroDeserializer(client, SerdeType.VALUE, { useLatestVersion: true })
  const through = (d: AvroDeserializer) => async () => {
    for (let i = 0; i < few; i++) await d.deserialize(TOPIC, bytes[i % bytes.length]!)
  }
  const theirs = await measured("the client's deserializer", few, CLIENT, null, through(plain))
  const theirsEvolved = await measured("the client's, older writer", few, CLIENT_EVOLVED, null, through(latest))
  ours.more['times_the_client'] = ours.per_second / theirs.per_second
  oursEvolved.more['times_the_client'] = oursEvolved.per_second / theirsEvolved.per_second
  return out
}

export const cases = { codec }
