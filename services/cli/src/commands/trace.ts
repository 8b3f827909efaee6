import { parseArgs } from 'node:util'
import { pseudonymiser } from '@mastery/infra/config/secrets.ts'
import { suspiciousSessions } from '@mastery/topology/effort/suspicious.ts'
import { explainInWords } from '@mastery/topology/features/words.ts'
import { type Command, type Host, UsageError } from '../command.ts'
import { currentScores, currentWindows } from '../current-scores.ts'
import { type ItemParts, itemParts } from '../items.ts'
import { noteAccess } from '../subject.ts'
import { table } from '../tables.ts'
import { clicksOf } from '../trace/clicks.ts'
import { type Looked, lookedAt } from '../trace/looked.ts'
import { recommendedNow } from '../trace/recommended.ts'
import { strugglesOf } from '../trace/struggles.ts'
import {
  lookedInWords,
  recommendedInWords,
  strugglesInWords,
  suspiciousInWords,
  weakInWords,
  weakTopics,
  weekInWords,
} from '../trace/words.ts'
import { positive } from './simulate.ts'

interface HistoryRow {
  as_of: string
  score_source: string
  mastery_score: number
  revision: boolean
  event_id: string
}

/** Items looked at. */
const STRUGGLES = 5

/** What stands behind the topic's score: items, clicks, attention. */
async function behind(host: Host, of: { tenant: string; student: string }, topic: string) {
  const gold = await host.gold()
  const { artefacts, generations } = host.installation
  const generation = generations.active.id
  const clicks = await clicksOf(gold, of, generation)
  const struggles = strugglesOf(clicks, topic, STRUGGLES)
  const items = new Map<string, ItemParts | null>()
  for (const { item } of struggles) items.set(item, await itemParts(gold, of.tenant, item))
  const practised = clicks.filter((c) => c.topics.includes(topic)).map((c) => c.at)
  const suspicious = suspiciousSessions(clicks).filter((s) => practised.some((at) => at >= s.from && at <= s.to))
  const thresholds = clicks.some((c) => c.thresholdMs !== null)
  // Whatever is wrong with a trained version: the rest of the page does not depend on it.
  const looked: Looked | string | null = await lookedAt({ gold, artefacts, generation }, of, topic).catch(
    (e: Error) => e.message,
  )
  const recommended = await recommendedNow(host, of, topic)
  return { struggles, items, suspicious, thresholds, looked, recommended }
}

export const traceCommand: Command = {
  name: 'trace',
  summary: "one student's topic: history, windows, every model's view, and why",
  help: `npx mastery trace --student ID --topic TOPIC [--limit 20] [--tenant ID] [--json] [--profile NAME] [--data DIR]

ID is the tenant's own id (a pseudonym of 32 hexadecimal digits is taken as it is). Below the topic's score: the student's
weak topics, what would be recommended next, the items that were wrong or needed help with their parameters, health and drift ("npx mastery items health"
computes them), sessions with rapid guesses or signs of gaming, and, where a version of sakt has been trained, which
earlier answers it looked at.`,
  async run(host, args, io) {
    const { values } = parseArgs({
      args,
      options: {
        student: { type: 'string' },
        topic: { type: 'string' },
        limit: { type: 'string' },
        tenant: { type: 'string' },
        json: { type: 'boolean' },
      },
    })
    if (!values.student || !values.topic) throw new UsageError('Both --student and --topic are needed.')
    const limit = positive('limit', values.limit, 20)
    const tenant = host.tenant(values.tenant)
    const student = /^[0-9a-f]{32}$/.test(values.student) ? values.student : pseudonymiser(tenant)(values.student)
    const { state, generations, provide } = host.installation
    const from = { state, generations, provide, profile: host.profile }
    const scores = await currentScores(from, student)
    const windows = await currentWindows(from, student)
    if (!scores || !windows)
      throw new UsageError(
        `No student "${values.student}" of tenant ${tenant.id} is known here. Check the id, --tenant and --data.`,
      )
    const score = scores.topics.find((t) => t.topic === values.topic)
    const window = windows.find((t) => t.topic === values.topic)
    if (!score || !window)
      throw new UsageError(
        `The student has no answers on "${values.topic}". Topics with answers: ${scores.topics.map((t) => t.topic).join(', ') || 'none'}.`,
      )
    const gold = await host.gold()
    const history = await gold.query<HistoryRow>(
      `SELECT toString(as_of) AS as_of, score_source, mastery_score, revision, event_id FROM student_mastery_history
       WHERE tenant = {tenant:String} AND student_id = {student:String} AND topic_id = {topic:String}
       ORDER BY version DESC, score_source LIMIT {limit:UInt32}`,
      { tenant: tenant.id, student, topic: values.topic, limit: limit * 4 },
    )
    const more = await behind(host, { tenant: tenant.id, student }, values.topic)
    await noteAccess(host, { tenant: tenant.id, student }, 'trace')
    if (values.json) {
      const { struggles, items, suspicious, looked, recommended } = more
      const found = {
        ...{ student, score, why: explainInWords(score), windows: window, history, stale: scores.stale },
        weak: weakTopics(scores.topics).map((t) => t.topic),
        struggles: struggles.map((s) => ({ ...s, ...items.get(s.item) })),
        suspicious,
        recommended,
        looked: typeof looked === 'string' ? null : looked,
      }
      io.out(`${JSON.stringify(found)}\n`)
      return 0
    }
    const why = explainInWords(score)
    io.out(
      `${values.student} on ${values.topic} (pseudonym ${student})\n\n${why.text}\n${scores.stale ? 'A rebuild of this student is wanted: an event came that is older than what the state can place.\n' : ''}\n`,
    )
    io.out(
      table(
        ['model', 'version', 'mastery'],
        score.scores.map((s) => [s.model, s.version, s.mastery.toFixed(4)]),
      ),
    )
    io.out(weekInWords(score))
    io.out(`\nWindows as of ${new Date(window.as_of).toISOString()}, ${window.attempts_total} answers in all\n`)
    io.out(
      table(
        ['window', 'answers', 'right', 'score', 'with hints', 'revisits', 'mean time'],
        window.windows.map((w) => [
          `${w.days} days`,
          String(w.attempts),
          String(w.correct),
          w.attempts > 0 ? `${((w.score_micro / w.attempts / 1e6) * 100).toFixed(0)} %` : '-',
          String(w.hinted),
          String(w.revisits),
          w.response_n > 0 ? `${(w.response_ms / w.response_n / 1000).toFixed(1)} s` : '-',
        ]),
      ),
    )
    const byEvent = new Map<string, Record<string, string>>()
    for (const h of history) {
      const row = byEvent.get(h.event_id) ?? { at: `${h.as_of}${h.revision ? ' (revised)' : ''}` }
      row[h.score_source] = h.mastery_score.toFixed(3)
      byEvent.set(h.event_id, row)
    }
    const models = score.scores.map((s) => s.model)
    io.out(
      `\nHistory, newest first\n${table(
        ['as of', ...models],
        [...byEvent.values()].map((r) => [r['at']!, ...models.map((m) => r[m] ?? '-')]),
      )}`,
    )
    io.out(`\n${weakInWords(scores.topics)}`)
    const advice = recommendedInWords(more.recommended)
    if (advice !== '') io.out(`\n${advice}`)
    io.out(`\n${strugglesInWords(more.struggles, more.items)}`)
    io.out(`\n${suspiciousInWords(more.suspicious, more.thresholds)}`)
    if (typeof more.looked === 'string') io.err.write(`What sakt looked at is not known: ${more.looked}\n`)
    else if (more.looked) io.out(`\n${lookedInWords(more.looked)}`)
    return 0
  },
}
