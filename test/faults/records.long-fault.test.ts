import type { ImportOutcome } from '@mastery/topology/importers/importer.ts'
import { partitionOf } from '@mastery/topology/partition.ts'
import type { LogAppend } from '@mastery/topology/ports/event-log.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signalPart, startPart } from './parts.ts'
import { pause, Rig } from './rig.ts'

const gated = process.env['MASTERY_TEST_KAFKA']
const title = gated
  ? 'records that are not as they should be'
  : 'records that are not as they should be, not run: no local stack (MASTERY_TEST_KAFKA unset)'
const DAY = 86_400_000
/** The broker takes records up to 8 MiB. */
const LARGEST = 8 * 1024 * 1024 - 160

/** Every twentieth event comes again as another one: in turn 90 days late, and from a clock a year ahead. */
function outOfTime(all: ImportOutcome[]): ImportOutcome[] {
  return all.flatMap((o, i) => {
    if (o.type !== 'event' || i % 20 !== 0) return [o]
    const { event } = o
    const days = i % 40 === 0 ? -90 : 365
    const other = {
      ...event,
      event_id: `${event.event_id}-${days}`,
      opportunity_key: event.opportunity_key && `${event.opportunity_key}-${days}`,
      occurred_at: event.occurred_at + days * DAY,
    }
    return [o, { ...o, event: other }]
  })
}

function doubleBytes(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return bytes
}

describe.skipIf(!gated)(title, { timeout: 300_000 }, () => {
  let rig: Rig
  beforeAll(async () => {
    const files = {
      again: { rows: 1_500 },
      times: { rows: 1_500, edit: outOfTime },
      hot: { rows: 4_000, hot: 0.6 },
      poison: { rows: 1_000 },
      warm: { rows: 1_001 },
      cold: { rows: 1_002 },
    }
    rig = await Rig.open(files, { via: ['registry'] })
  }, 300_000)
  afterAll(() => rig?.close(), 180_000)

  it('counts no answer twice when ranges of the log are written again', async () => {
    await rig.feed('again', { to: 0.6 })
    await rig.feed('again', { from: 0.2, to: 0.6 })
    await rig.feed('again', { from: 0.6 })
    await rig.feed('again', { from: 0.9 })
    const except = ['learning_events', 'event_dispositions']
    await rig.recovered('ranges of the log twice', 'again', undefined, except)
    const [found] = await rig.sql<{ duplicates: number; conflicts: number }>(
      "SELECT toUInt32(countIf(disposition = 'duplicate')) AS duplicates, toUInt32(countIf(disposition = 'conflict')) AS conflicts FROM event_dispositions FINAL WHERE tenant = 'again'",
    )
    const n = rig.events('again').length
    expect(found!.duplicates).toBeGreaterThan(n * 0.45)
    expect(found!.conflicts).toBe(0)
  })

  it('lets no event from the past or the future spoil what is current', async () => {
    await rig.feed('times')
    await rig.recovered('events 90 days late and a year ahead', 'times')
    const [found] = await rig.sql<{ clamped: number; ahead: number }>(
      "SELECT toUInt32(countIf(clamped)) AS clamped, toUInt32(countIf(occurred_at > now64() + 5e6)) AS ahead FROM event_dispositions FINAL WHERE tenant = 'times'",
    )
    expect(found!.clamped).toBeGreaterThan(20)
  })

  it('keeps up with a student who has 60 % of the traffic', async () => {
    await rig.feed('hot', { appends: 20, pauseMs: 50 })
    await rig.recovered('one student with 60 % of the traffic', 'hot')
  })

  it('parks every kind of poison with its bytes, once, and loses nothing around it', async () => {
    const { codec, log, profile } = rig.installation
    const event = { ...rig.events('poison')[0]!, tenant: 'nobody', student: 'x'.repeat(32) }
    const good = codec.encode('learning-event', event)
    const unknown = Buffer.from(good)
    unknown.writeUInt32BE(999_999, 1)
    const garbage = Buffer.alloc(LARGEST, 0x78)
    const poison: Record<string, [code: string, value: Buffer, key?: string]> = {
      'no magic byte': ['bad_magic', Buffer.from('{"not":"avro"}')],
      'nothing at all': ['bad_magic', Buffer.alloc(0)],
      'a schema that nobody knows': ['unknown_schema', unknown],
      'cut short': ['truncated', good.subarray(0, good.length - 7)],
      'bytes too many': ['trailing_bytes', Buffer.concat([good, Buffer.from('more')])],
      'five megabytes of nonsense': ['bad_magic', garbage.subarray(0, 5_000_000)],
      'as large as a record may be': ['bad_magic', garbage],
      "another student's key": ['wrong_key', good, 'y'.repeat(32)],
      'a score record': ['wrong_subject', codec.encode('tick', { at: 0 })],
    }
    // A tick is fine in learning.events; a reject is not.
    poison['a score record'] = [
      'wrong_subject',
      codec.encode('reject', {
        reject_id: 'r',
        stage: 's',
        code: 'c',
        message: 'm',
        tenant: null,
        origin_topic: 't',
        origin_partition: 0,
        origin_offset: 0,
        content_type: 'text/plain',
        bytes: Buffer.alloc(1),
        encryption: null,
        attempts: 1,
        service_version: '0',
        observed_at: 0,
        student: null,
      }),
    ]
    const odd = (
      [
        [Number.NaN, 0],
        [Number.POSITIVE_INFINITY, 0],
        [1e300, 0],
        [-3, 0],
        [0.5, 9e15],
        [0.5, -9e15],
      ] as const
    ).map(([score, at]): LogAppend => {
      const mark = 0.123_456_789
      const value = codec.encode('learning-event', {
        ...event,
        event_id: `odd ${score} ${at}`,
        opportunity_key: null,
        score: mark,
        occurred_at: event.occurred_at + at,
        observed_at: event.observed_at + at,
      })
      // Our encoder refuses what another may write.
      value.writeDoubleLE(score, value.indexOf(doubleBytes(mark)))
      return {
        topic: 'learning.events',
        partition: partitionOf(event.student, profile.partitions),
        key: event.student,
        value,
        timestamp: 0,
      }
    })
    const before = await rig.sql<{ code: string; n: number }>(
      "SELECT code, toUInt32(count()) AS n FROM rejects FINAL WHERE origin_topic = 'learning.events' GROUP BY code",
    )
    expect(before).toEqual([])
    await rig.feed('poison', { to: 0.5 })
    const records = Object.values(poison).map(
      ([, value, key], i): LogAppend => ({
        topic: 'learning.events',
        partition: i % profile.partitions,
        key: key ?? event.student,
        value,
        timestamp: 0,
      }),
    )
    await log.append(records)
    await log.append(odd)
    await rig.feed('poison', { from: 0.5 })
    await rig.recovered('poison of every kind', 'poison', () => `${records.length + odd.length} bad records`)
    const found = await rig.sql<{ code: string; n: number }>(
      "SELECT code, toUInt32(count()) AS n FROM rejects FINAL WHERE origin_topic = 'learning.events' AND stage = 'features' GROUP BY code ORDER BY code",
    )
    const wanted = new Map<string, number>()
    for (const [code] of Object.values(poison)) wanted.set(code, (wanted.get(code) ?? 0) + 1)
    // Numbers that nothing can be counted with.
    wanted.set('invalid_value', 2)
    expect(new Map(found.filter((f) => wanted.has(f.code)).map((f) => [f.code, f.n]))).toEqual(
      new Map([...wanted].sort()),
    )
  })

  it('reads on without the registry when it knows the schemas, and starts only with it', async () => {
    await signalPart(rig.folder, 'registry', 'SIGKILL')
    await rig.feed('warm')
    await rig.recovered('the registry down, readers warm', 'warm')
    rig.services.leaveAlone()
    await rig.replace('features')
    await rig.feed('cold')
    const ended = await rig.services.of('features').ended
    expect(ended.code).toBe(1)
    expect(rig.services.output('features')).toMatch(/could not be registered at the schema registry/)
    await pause(500)
    await startPart(rig.folder, 'registry')
    await rig.recovered('the registry down, a reader cold', 'cold')
  })
})
