import { type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { atMost, cpuMsOf, type Figure, peakRssMibOf, percentile } from './measure.ts'
import type { Case } from './scenario.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const RATE = 1000
const STUDENTS = 2000
const TOPICS = 20
/** One student of every so many batches is watched until the API shows the answer. */
const WATCH_API = 4
/**
 * In the last part of the run gold is watched instead: a history query runs in the server's own process and would
 * show up in the latencies of everything else.
 */
const WATCH_GOLD = 16
const GOLD_PART = 0.25
const POLL_MS = 10
const GIVE_UP_MS = 30_000

const CEILING = { value: 10_000, what: 'acceptance: steady 10 k events/s a core, end to end, p99 < 2 s' }

interface Server {
  url: string
  key: string
  pid: number
  stop(): Promise<void>
}

async function startServer(dir: string): Promise<Server> {
  const options: SpawnOptions = {
    env: { ...process.env, MASTERY_PROFILE: 'embedded', PORT: '0' },
    stdio: ['ignore', 'pipe', openSync(join(dir, 'server.log'), 'a')],
  }
  const start = [...process.execArgv, join(ROOT, 'services/cli/src/main.ts'), 'start', '--data', dir]
  const child = spawn(process.execPath, start, options)
  const output = child.stdout!
  let key = ''
  for await (const line of createInterface(output)) {
    key = /shown once: (\S+)/.exec(line)?.[1] ?? key
    const url = /is running: (\S+)/.exec(line)?.[1]
    if (!url) continue
    output.resume()
    return {
      url: url.replace(/\/$/, ''),
      key,
      pid: child.pid!,
      async stop() {
        if (child.exitCode !== null) return
        const gone = once(child, 'exit')
        child.kill('SIGTERM')
        await gone
      },
    }
  }
  throw new Error(`mastery start ended before it ran:\n${readFileSync(join(dir, 'server.log'), 'utf8').slice(-2000)}`)
}

function caller(server: Server) {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  return (method: 'GET' | 'POST', path: string, body?: string) =>
    new Promise<{ status: number; text: string }>((done, fail) => {
      const headers = { Authorization: `Bearer ${server.key}`, 'Content-Type': 'application/json' }
      const r = request(server.url + path, { method, agent, headers }, (res) => {
        let text = ''
        res.setEncoding('utf8')
        res.on('data', (chunk: string) => {
          text += chunk
        })
        res.on('end', () => done({ status: res.statusCode!, text }))
      })
      r.on('error', fail).end(body)
    })
}

interface Topic {
  topic_id: string
  opportunities: number
}

export interface Load {
  /** Of the figures. */
  scenario: string
  seconds: number
  /** The server's data folder. */
  dir: string
  note(text: string): void
  /** API key of a folder that has been opened before. */
  key?: string
  /** Runs right before the first event; what it gives is awaited after the last. */
  beside?(): Promise<void>
}

/** A thousand events a second over HTTP, in batches of 20 to 50, into a server that does everything. */
export async function measureLive({ scenario, seconds, dir, note, key, beside }: Load): Promise<Figure[]> {
  const server = await startServer(dir)
  if (key) server.key = key
  try {
    const call = caller(server)
    const answered = new Map<string, number>()
    const perTopic = new Map<string, number>()
    const acknowledged: number[] = []
    const toApi: number[] = []
    const toGold: number[] = []
    const watching: Promise<void>[] = []
    let sent = 0

    const until = async (since: number, into: number[], every: number, seen: () => Promise<boolean>) => {
      while (!(await seen())) {
        if (performance.now() - since > GIVE_UP_MS) throw new Error('an acknowledged event did not show up in 30 s')
        await sleep(every)
      }
      into.push(performance.now() - since)
    }
    const shown = async (student: string, wanted: number) => {
      const { status, text } = await call('GET', `/mastery/${student}`)
      if (status !== 200) return false
      const { topics } = JSON.parse(text) as { topics: Topic[] }
      return topics.reduce((n, t) => n + t.opportunities, 0) >= wanted
    }
    const stored = async (student: string, topic: string, wanted: number) => {
      const { status, text } = await call('GET', `/mastery/${student}/${topic}/history?source=blend&limit=1000`)
      return status === 200 && (JSON.parse(text) as { rows: unknown[] }).rows.length >= wanted
    }

    async function post(batch: number, size: number): Promise<void> {
      const events = []
      let last = { student: '', topic: '' }
      for (let i = 0; i < size; i++) {
        const n = sent++
        last = { student: `student-${(n * 7) % STUDENTS}`, topic: `topic-${n % TOPICS}` }
        const { student, topic } = last
        answered.set(student, (answered.get(student) ?? 0) + 1)
        perTopic.set(`${student}/${topic}`, (perTopic.get(`${student}/${topic}`) ?? 0) + 1)
        events.push({
          id: `live-${n}`,
          student,
          kind: 'quiz_attempt',
          item: `q${n % 500}`,
          topics: [topic],
          context: `quiz-${batch}`,
          attempt: 1,
          sequence: n,
          occurred_at: Date.now(),
          correct: n % 3 !== 0,
          hints: n % 5 === 0 ? 1 : 0,
          response_time_ms: 4000 + (n % 1000),
        })
      }
      const wanted = answered.get(last.student)!
      const rows = perTopic.get(`${last.student}/${last.topic}`)!
      const begun = performance.now()
      const { status, text } = await call('POST', '/v1/events', JSON.stringify(events))
      if (status !== 200) throw new Error(`POST /v1/events answered ${status}: ${text.slice(0, 300)}`)
      const at = performance.now()
      const gold = sent > RATE * seconds * (1 - GOLD_PART)
      if (!gold) acknowledged.push(at - begun)
      if (!gold && batch % WATCH_API === 0) watching.push(until(at, toApi, POLL_MS, () => shown(last.student, wanted)))
      if (gold && batch % WATCH_GOLD === 0)
        watching.push(until(at, toGold, POLL_MS * 25, () => stored(last.student, last.topic, rows)))
    }

    note(`${RATE} events a second for ${seconds} s`)
    const besides = beside?.()
    const cpu = cpuMsOf(server.pid)
    const begun = performance.now()
    const posts: Promise<void>[] = []
    for (let batch = 0; sent < RATE * seconds; batch++) {
      const size = 20 + ((batch * 11) % 31)
      const due = begun + (sent * 1000) / RATE
      if (due > performance.now()) await sleep(due - performance.now())
      posts.push(post(batch, size))
    }
    await Promise.all(posts)
    const took = (performance.now() - begun) / 1000
    await Promise.all(watching)
    await besides
    const used = cpu === null ? null : cpuMsOf(server.pid)! - cpu
    const peak = peakRssMibOf(server.pid)

    const perEvent = used === null ? null : (used * 1000) / sent
    const p99 = percentile(toApi, 99)
    const base: Figure = {
      scenario,
      what: 'POST acknowledged to GET /mastery',
      records: sent,
      seconds: took,
      per_second: sent / took,
      cpu_us: perEvent,
      main_us: null,
      gc_share: null,
      p50_ms: percentile(toApi, 50),
      p99_ms: p99,
      peak_rss_mib: peak,
      ceiling: perEvent === null ? null : CEILING,
      share_of_ceiling: perEvent === null ? null : 1_000_000 / perEvent / CEILING.value,
      goal: atMost(2000, p99, 'ms'),
      more: {
        watched: toApi.length,
        share_of_ceiling: 'what one core could carry at this CPU per event, polls included',
      },
    }
    const other = (what: string, values: number[]): Figure => ({
      ...base,
      what,
      p50_ms: percentile(values, 50),
      p99_ms: percentile(values, 99),
      cpu_us: null,
      ceiling: null,
      share_of_ceiling: null,
      goal: null,
      more: { watched: values.length },
    })
    return [base, other('POST acknowledged to gold', toGold), other('POST to its acknowledgement', acknowledged)]
  } finally {
    await server.stop()
  }
}

const live: Case = async ({ quick, note }) => {
  const dir = mkdtempSync(join(tmpdir(), 'mastery-bench-live-'))
  try {
    return await measureLive({ scenario: 'live', seconds: quick ? 3 : 20, dir, note })
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

export const cases = { live }
