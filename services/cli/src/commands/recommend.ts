import { parseArgs } from 'node:util'
import { type Recommendation, recommend, UnknownTopic } from '@mastery/api/src/recommend/recommend.ts'
import { Sources } from '@mastery/api/src/recommend/sources.ts'
import { States } from '@mastery/api/src/states.ts'
import { loadProgress } from '@mastery/infra/config/progress.ts'
import { runInWorker } from '@mastery/infra/runtime/worker-thread.ts'
import { POLICY_IDS, type PolicyId } from '@mastery/topology/recommend/learned.ts'
import type { RecommendationEvaluation } from '@mastery/topology/recommend/simulation/evaluate.ts'
import { type Command, type Host, type Io, UsageError } from '../command.ts'
import { Progress } from '../progress.ts'
import { evaluationTable } from '../recommend-tables.ts'
import { noteAccess, subjectOf } from '../subject.ts'
import { table } from '../tables.ts'
import { positive } from './simulate.ts'

const percent = (x: number | null) => (x === null ? '-' : `${Math.round(100 * x)} %`)

function inWords(r: Recommendation, named: boolean): string {
  const head = named
    ? `${r.chosen.name}. ${r.chosen.reason}`
    : `${r.chosen.name} (${r.policy}${r.policy_version ? ` ${r.policy_version}` : ''}, chosen with probability ${r.chosen.propensity.toFixed(3)}). ${r.chosen.reason}`
  const items =
    r.items.length === 0
      ? 'No item of it is known with an answer; "npx mastery progress run" counts items.\n'
      : table(
          ['item', 'expected', 'why'],
          r.items.map((i) => [i.item, percent(i.expected_success), i.reason]),
        )
  const topics = table(
    ['topic', 'mastery', 'probability', 'why'],
    r.next_topics.map((t) => [t.topic_id, percent(t.mastery), t.probability.toFixed(3), t.reason]),
  )
  const waiting = r.waiting.map((w) => `  ${w.name}: after ${w.for.join(' and ')}\n`).join('')
  return [
    `${head}\n\n${items}`,
    ...(named || r.next_topics.length === 0 ? [] : [`\nWeakest first\n${topics}`]),
    ...(named || waiting === '' ? [] : [`\nNot yet\n${waiting}`]),
  ].join('')
}

async function forStudent(
  host: Host,
  io: Io,
  values: Partial<Record<'student' | 'tenant' | 'topic' | 'policy' | 'limit', string | undefined>> & {
    json: boolean | undefined
  },
): Promise<number> {
  const policy = (values.policy ?? 'linucb') as PolicyId
  if (!POLICY_IDS.includes(policy))
    throw new UsageError(`There is no policy "${policy}"; those are ${POLICY_IDS.join(', ')}.`)
  const count = positive('limit', values.limit, 5)
  const of = subjectOf(host, values.student, values.tenant)
  const { state, generations, provide } = host.installation
  const states = new States(state, host.profile.partitions, () => generations.active, provide)
  const scores = await states.scores(of.student)
  if (!scores || scores.topics.length === 0)
    throw new UsageError(
      `No student "${values.student}" of tenant ${of.tenant} has answers here. Check the id, --tenant and --data.`,
    )
  const gold = await host.gold()
  const now = Date.now()
  const source = await new Sources(gold, () => now).of(of.tenant)
  const wanted = {
    tenant: of.tenant,
    topic: values.topic ?? null,
    policy,
    count,
    generation: generations.active.id,
    now,
    askedBy: 'command line',
  }
  try {
    const found = await recommend(gold, source, scores, loadProgress(), wanted)
    await noteAccess(host, of, 'recommend')
    io.out(values.json ? `${JSON.stringify(found)}\n` : inWords(found, wanted.topic !== null))
    return 0
  } catch (e) {
    if (!(e instanceof UnknownTopic)) throw e
    throw new UsageError(`${e.message} Topics: ${source.graph.topics.map((t) => t.id).join(', ')}.`)
  }
}

async function newestLearned(host: Host, tenantId: string | undefined): Promise<string> {
  const tenant = host.tenant(tenantId).id
  const [newest] = await (await host.gold()).query<{ payload: string }>(
    `SELECT payload FROM recommendation_policies FINAL WHERE tenant = {tenant:String} ORDER BY computed_at DESC LIMIT 1`,
    { tenant },
  )
  if (!newest) throw new UsageError('Nothing has been learned from history yet: "npx mastery progress run" does.')
  return newest.payload
}

export const recommendCommand: Command = {
  name: 'recommend',
  summary: 'topics and items to work on next, and what such policies are worth',
  help: `npx mastery recommend --student ID [--topic T] [--policy linucb|thompson|weakest-first] [--limit 5] [--tenant T] [--json]
npx mastery recommend evaluate [--students 400] [--stretches 40] [--seed 1] [--draws 1000] [--history] [--json]

Topics: weakest first, with what was forgotten since taken off, where every prerequisite is met; the policy draws one of
them. Items: those that the student is expected to answer right about as often as configs/progress.json says. Policies are
warmed up with the history in gold by "npx mastery progress run"; before the first one, weakest-first stands in for them.
Every choice is logged in v_recommendations with the probability of each candidate.

"evaluate" trains the policies on half of a simulated school's students, and estimates from the others' log, made by yet
another policy, what each would be worth: by inverse propensity (IPS), self-normalised (SNIPS), and doubly robust (DR),
with 95 % intervals over students. Beside it stands what they are worth, since the school's skills are known. The
reward is how much better a stretch of practice goes in its second half than in its first. --history judges also what the
newest "npx mastery progress run" made of the history in gold.`,
  async run(host, args, io) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        student: { type: 'string' },
        topic: { type: 'string' },
        policy: { type: 'string' },
        limit: { type: 'string' },
        tenant: { type: 'string' },
        students: { type: 'string' },
        stretches: { type: 'string' },
        seed: { type: 'string' },
        draws: { type: 'string' },
        history: { type: 'boolean' },
        json: { type: 'boolean' },
      },
    })
    const [what, ...more] = positionals
    if ((what !== undefined && what !== 'evaluate') || more.length > 0)
      throw new UsageError(`recommend knows --student ID and evaluate, not "${positionals.join(' ')}".`)
    if (what === undefined) {
      const { student, tenant, topic, policy, limit, json } = values
      return forStudent(host, io, { student, tenant, topic, policy, limit, json })
    }
    const students = positive('students', values.students, 400)
    if (students < 20) throw new UsageError('--students must be 20 or more: half of them train, the others judge.')
    const { mastered, ready } = loadProgress()
    const progress = new Progress(values.json, io.err)
    const found = await runInWorker<RecommendationEvaluation>(
      new URL('../recommend-worker.ts', import.meta.url),
      {
        students,
        seed: positive('seed', values.seed, 1),
        stretches: positive('stretches', values.stretches, 40),
        draws: positive('draws', values.draws, 1000),
        mastered,
        ready,
        ...(values.history ? { learned: await newestLearned(host, values.tenant) } : {}),
      },
      { onProgress: (fraction, message) => progress.show(message, Math.round(fraction * 100), 100) },
    )
    progress.end()
    io.out(values.json ? `${JSON.stringify(found)}\n` : evaluationTable(found))
    return 0
  },
}
