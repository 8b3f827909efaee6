import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Pipeline } from '@mastery/cli/src/pipeline.ts'
import { ConsoleTelemetry } from '@mastery/infra/adapters/telemetry/console.ts'
import { loadProfile } from '@mastery/infra/config/profile.ts'
import { drain } from '@mastery/infra/runtime/drain.ts'
import { openInstallation } from '@mastery/infra/runtime/installation.ts'
import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import { hash128 } from '@mastery/topology/events/hash.ts'
import { partitionOf } from '@mastery/topology/partition.ts'
import type { LogAppend } from '@mastery/topology/ports/event-log.ts'
import { everyEventInGold } from './feed.ts'
import { atMost, figure, residentParts, Stopwatch } from './measure.ts'
import type { Case } from './scenario.ts'

const TOPICS = 20
const ANSWERS = 2
const LIMIT_MIB = 1536
const CHUNK = 2000
/** Chunks that may wait in the log before more is sent, so that the log is what a live one is. */
const AHEAD = 40_000

const CEILING = { value: 343, what: 'a million student-topics in a packed arena, 60 events each, MiB (section 2.2)' }

/** The answers of one round, everybody's in turn, so that no student's state is ever the one just used. */
function* answers(students: readonly string[], tenant: string): Generator<LearningEvent> {
  for (let n = 0; n < ANSWERS * TOPICS; n++)
    for (const [i, student] of students.entries()) {
      const topic = n % TOPICS
      const at = Date.UTC(2025, 8, 1) + n * 86_400_000 + i
      yield {
        event_id: `m${n}-${i}`,
        tenant,
        student,
        kind: 'quiz_attempt',
        role: 'evidence',
        authority: 'server',
        item: `topic-${topic}-q${(i + n) % 30}`,
        topics: [`topic-${topic}`],
        session: null,
        context: `quiz-${n}`,
        occurred_at: at,
        observed_at: at + 1000,
        source_sequence: n,
        correct: (i + n) % 3 !== 0,
        score: (i + n) % 3 === 0 ? 0 : 1,
        score_rule: 'binary',
        attempt_number: null,
        hints: 0,
        response_time_ms: 5000,
        first_action_ms: null,
        answer_request_ms: null,
        actions: {},
        video_coverage: null,
        help_requests: null,
        source_system: 'bench',
        source_dialect: 'bench',
        adapter_version: '1',
        opportunity_key: null,
        supersedes: null,
      }
    }
}

/** A million student-topics through log, features, scoring and gold in this process. */
const memory: Case = async ({ quick, note }) => {
  const count = quick ? 2500 : 50_000
  const dir = mkdtempSync(join(tmpdir(), 'mastery-bench-memory-'))
  const profile = loadProfile({ MASTERY_PROFILE: 'embedded' }, { data: dir })
  const installation = await openInstallation(profile, new ConsoleTelemetry('bench', true))
  const gold = await installation.openGold()
  const pipeline = new Pipeline(installation, gold)
  const { codec, log, state, secrets } = installation
  const peak = { rss: 0, anonymous: 0, file: 0, heap: 0, buffers: 0 }
  const sample = () => {
    const m = process.memoryUsage()
    peak.heap = Math.max(peak.heap, m.heapTotal / 2 ** 20)
    peak.buffers = Math.max(peak.buffers, m.external / 2 ** 20)
    const parts = residentParts('self')
    if (parts && parts.rss > peak.rss) Object.assign(peak, parts)
  }
  const timer = setInterval(sample, 1000)
  try {
    const students = Array.from({ length: count }, (_, i) => hash128('bench', String(i)))
    await pipeline.start()
    const watch = new Stopwatch()
    watch.start()
    let sent = 0
    let chunk: LogAppend[] = []
    const drained = () =>
      drain(
        log,
        state,
        profile.generation,
        () => {},
        () => pipeline.check(),
      )
    const flush = async () => {
      await log.append(chunk)
      sent += chunk.length
      chunk = []
      pipeline.check()
      if (sent % AHEAD < CHUNK) await drained()
      if (sent % 200_000 < CHUNK) {
        const parts = residentParts('self')
        note(`${sent.toLocaleString('en')} events, resident ${Math.round(parts?.rss ?? 0)} MiB`)
      }
    }
    for (const e of answers(students, secrets.tenants[0]!.id)) {
      const partition = partitionOf(e.student, profile.partitions)
      const value = codec.encode('learning-event', e)
      chunk.push({ topic: 'learning.events', partition, key: e.student, value, timestamp: e.observed_at })
      if (chunk.length === CHUNK) await flush()
    }
    await flush()
    await drained()
    const lap = await watch.stop()
    sample()
    await everyEventInGold(gold, sent)

    const what = `${(count * TOPICS).toLocaleString('en')} student-topics, ${ANSWERS} answers each`
    const f = figure({ scenario: 'memory', what, records: sent }, lap, {
      anonymous_mib: peak.anonymous,
      file_backed_mib: peak.file,
      heap_mib: peak.heap,
      outside_heap_mib: peak.buffers,
      share_of_ceiling: 'the packed arena as a share of what is not file-backed',
    })
    const resident = peak.rss > 0 ? peak.rss : f.peak_rss_mib!
    const scaled = (CEILING.value * count * TOPICS) / 1_000_000
    return [
      {
        ...f,
        peak_rss_mib: Math.max(resident, f.peak_rss_mib!),
        ceiling: CEILING,
        share_of_ceiling: scaled / (peak.anonymous || resident),
        goal: atMost(LIMIT_MIB, f.peak_rss_mib!, 'MiB resident'),
      },
    ]
  } finally {
    clearInterval(timer)
    await pipeline.stop()
    await gold.close()
    await installation.close()
    rmSync(dir, { recursive: true, force: true })
  }
}

export const cases = { memory }
