import { dirname, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { withRoster } from '@mastery/api/src/roster/parts.ts'
import { untoldTenants } from '@mastery/infra/runtime/ops-rules.ts'
import { differenceText, runTableTest } from '@mastery/topology/alerts/table-run.ts'
import { readTableTests } from '@mastery/topology/alerts/table-tests.ts'
import { activatePolicy } from '../alerts/activate.ts'
import { alertFeedback, suggestionsFor, suggestionText, toldAlerts } from '../alerts/feedback.ts'
import { policyInForce } from '../alerts/in-force.ts'
import { listAlerts } from '../alerts/list.ts'
import { namesPeople, UnknownPeople, withPseudonyms } from '../alerts/people.ts'
import { previewRules } from '../alerts/preview.ts'
import { policyIn, prerequisitesOf, RulesRefused, yamlIn } from '../alerts/rules-file.ts'
import { previewText, rulesTable } from '../alerts/tables.ts'
import { type Command, type Host, type Io, UsageError } from '../command.ts'
import { timeOf } from '../event-time.ts'
import { operator } from '../subject.ts'

const OPTIONS = {
  tenant: { type: 'string' },
  json: { type: 'boolean' },
  student: { type: 'string' },
  rules: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  all: { type: 'boolean' },
} as const

const DAY = 86_400_000
/** What is previewed where nobody says from when. */
const USUAL_DAYS = 28

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values']

function fileFrom(files: readonly string[], what: string): string {
  if (files.length !== 1) throw new UsageError(`Say which file: npx mastery alerts ${what} FILE.`)
  return files[0]!
}

function check(files: readonly string[], io: Io, json: boolean): number {
  const file = fileFrom(files, 'check')
  const { policy, notes } = policyIn(file, io, {})
  if (json) io.out(`${JSON.stringify({ rules: policy.rules.length + policy.watches.length, problems: [], notes })}\n`)
  else {
    for (const n of notes) io.err.write(`note: ${n}\n`)
    io.out(`${policy.rules.length + policy.watches.length} rules, nothing wrong.\n`)
  }
  return 0
}

/** Table-driven tests of rules, in virtual time. */
function test(files: readonly string[], io: Io, json: boolean): number {
  const file = fileFrom(files, 'test')
  const yaml = yamlIn(file, io.cwd)
  const { rules, prerequisites, tests, problems } = readTableTests(yaml.value)
  if (problems.length > 0) throw new RulesRefused(file, yaml.places(problems))
  const rulesFile = relative(io.cwd, resolve(dirname(resolve(io.cwd, file)), rules))
  const { policy } = policyIn(rulesFile, io, prerequisites)
  const results = tests.map((t) => ({ name: t.name, differences: runTableTest(policy, t) }))
  const failed = results.filter((r) => r.differences.length > 0)
  if (json) io.out(`${JSON.stringify({ tests: results.length, failed: failed.length, results })}\n`)
  else {
    for (const r of failed) for (const d of r.differences) io.out(differenceText(d))
    io.out(`${results.length - failed.length} of ${results.length} tests are as expected.\n`)
  }
  return failed.length > 0 ? 1 : 0
}

async function rules(host: Host, io: Io, values: Values): Promise<number> {
  await host.stages()
  const tenant = host.tenant(values.tenant).id
  const found = await policyInForce(host.installation, tenant)
  if (values.json) io.out(`${JSON.stringify({ tenant, in_force: found })}\n`)
  else if (found === null)
    io.out(
      'No alert rules are in force. "npx mastery alerts activate configs/alerts/default.yaml" sets those that ship.\n',
    )
  else {
    const part = found.partitions < found.of ? ` in ${found.partitions} of ${found.of} partitions` : ''
    io.out(`Version ${found.version} is in force${part}.\n\n${rulesTable(found.policy)}`)
    if ((await untoldTenants(host.installation)).includes(tenant))
      io.err.write(
        'note: these rules do not watch the system itself, since an older build put them in force. Activate them again.\n',
      )
  }
  return 0
}

/** Who is behind the pseudonyms of the roster in force: the reading stands in the access log. */
async function keptRoster(host: Host, tenant: string) {
  const who = { tenant: host.tenant(tenant), reader: `${operator()}: alerts activate`, role: 'operator' }
  return withRoster(host.installation, await host.gold(), who, async ({ vault, reader }) => {
    const found = await vault.roster(tenant, reader)
    return found?.kept ?? null
  })
}

async function activate(host: Host, files: readonly string[], io: Io, values: Values): Promise<number> {
  const file = fileFrom(files, 'activate')
  const tenant = host.tenant(values.tenant).id
  const { policy, notes } = policyIn(file, io, await prerequisitesOf(host, tenant))
  const stopped = await host.stages()
  const named = withPseudonyms(policy, namesPeople(policy) ? await keptRoster(host, tenant) : null)
  const version = await activatePolicy(host.installation, tenant, named, Date.now(), stopped)
  const rules = policy.rules.length + policy.watches.length
  for (const n of notes) io.err.write(`note: ${n}\n`)
  io.out(
    values.json
      ? `${JSON.stringify({ tenant, version, rules })}\n`
      : `${rules} alert rules are in force as version ${version}. What fires already is judged by them from the next tick on.\n`,
  )
  return 0
}

async function preview(host: Host, io: Io, values: Values): Promise<number> {
  await host.stages()
  const tenant = host.tenant(values.tenant).id
  const to = timeOf('--to', values.to) ?? Date.now()
  const from = timeOf('--from', values.from) ?? to - USUAL_DAYS * DAY
  if (to <= from) throw new UsageError('--to lies before --from: nothing would be previewed.')
  const policy = values.rules
    ? policyIn(values.rules, io, await prerequisitesOf(host, tenant)).policy
    : (await policyInForce(host.installation, tenant))?.policy
  if (!policy) throw new UsageError('No alert rules are in force; name a file: --rules configs/alerts/default.yaml.')
  const found = await previewRules(host.installation, tenant, policy, { from, to }, () => {})
  const suggestions = suggestionsFor(policy, await toldAlerts(await host.gold(), tenant))
  const watches = policy.watches.some((w) => w.enabled)
  io.out(
    values.json
      ? `${JSON.stringify({ tenant, from, to, ...found, suggestions })}\n`
      : `${previewText(found, { from, to }, watches)}${suggestions.map(suggestionText).join('')}`,
  )
  return 0
}

export const alertsCommand: Command = {
  name: 'alerts',
  summary: 'check, test, preview and activate alert rules; list alerts, and what teachers say of them',
  help: `npx mastery alerts check FILE [--json]       reads rules, and says everything that is wrong with them
npx mastery alerts test FILE [--json]        holds rules against series of answers, metrics and looks, and shows what is not as expected
npx mastery alerts rules [--tenant T] [--json]            the rules in force
npx mastery alerts activate FILE [--tenant T] [--json]    puts rules in force, from one offset of each partition on
npx mastery alerts preview [--from TIME] [--to TIME] [--rules FILE] [--tenant T] [--json]
                       what these rules, or those in force, would have told whom; default: the last ${USUAL_DAYS} days; rules about
                       the system itself by the clock of the services. Where teachers said of many alerts that they are of no
                       use, it suggests a stricter threshold
npx mastery alerts feedback [--tenant T] [--json]         per rule: alerts told, taken on, and said to be of no use
npx mastery alerts list [--student ID] [--all] [--tenant T] [--json]    alerts that stand; --all: those that are over too

docs/alerts.md has every kind of rule and every field. The rules take what comes before a topic from the topic graph as it
is when they are activated ("npx mastery curriculum set"): activate them again after it has changed.
Exit code 1: a test is not as expected. Exit code 2: a file can't be used; nothing was changed.`,
  standalone: (args) => args[0] === 'check' || args[0] === 'test',
  async run(host, args, io) {
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options: OPTIONS })
    const [what = 'list', ...files] = positionals
    const json = values.json === true
    if (!['check', 'test', 'rules', 'activate', 'preview', 'feedback', 'list'].includes(what))
      throw new UsageError(`alerts knows check, test, rules, activate, preview, feedback and list, not "${what}".`)
    if (!['check', 'test', 'activate'].includes(what) && files.length > 0)
      throw new UsageError(`alerts ${what} does not take "${files.join(' ')}".`)
    try {
      if (what === 'check') return check(files, io, json)
      if (what === 'test') return test(files, io, json)
      if (what === 'rules') return await rules(host, io, values)
      if (what === 'activate') return await activate(host, files, io, values)
      if (what === 'preview') return await preview(host, io, values)
      if (what === 'feedback') return await alertFeedback(host, io, values)
      return await listAlerts(host, io, values)
    } catch (e) {
      if (e instanceof UnknownPeople) {
        if (json) io.out(`${JSON.stringify({ problems: [e.message] })}\n`)
        io.err.write(`${e.message}\n`)
        return 2
      }
      if (!(e instanceof RulesRefused)) throw e
      if (json) io.out(`${JSON.stringify({ file: e.file, problems: e.problems })}\n`)
      io.err.write(`${e.message}\n`)
      return 2
    }
  },
}
