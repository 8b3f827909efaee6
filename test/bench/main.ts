import { fork } from 'node:child_process'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type Figure, machine, saveJson } from './measure.ts'
import { type Outcome, SCENARIOS } from './scenario.ts'
import { report } from './table.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const HELP = `npm run bench -- [--only ${Object.keys(SCENARIOS).join(',')}] [--json FILE] [--quick]

Every case in a process of its own. A table on stdout, the same as JSON in bench-results/latest.json (--json: elsewhere).
--quick divides the sizes by about ten and proves only that everything runs. Figures are stated, never asserted.
Flags of node go in front: node --max-semi-space-size=64 test/bench/main.ts
`

/** Runs one case in a child. Node's flags are handed on; what the child writes goes to stderr. */
function runCase(scenario: string, name: string, quick: boolean): Promise<Outcome> {
  return new Promise((done) => {
    const child = fork(join(import.meta.dirname, 'child.ts'), [scenario, name, quick ? 'quick' : 'full'], {
      stdio: ['ignore', 2, 2, 'ipc'],
    })
    let outcome: Outcome | null = null
    child.on('message', (m) => {
      outcome = m as Outcome
    })
    child.on('error', (e) => done({ failed: e.message }))
    child.on('exit', (code, signal) =>
      done(outcome ?? { failed: `ended without a result (${signal ?? `code ${code}`})` }),
    )
  })
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      json: { type: 'string', default: join(ROOT, 'bench-results/latest.json') },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const wanted = values.only?.split(',') ?? Object.keys(SCENARIOS)
  const unknown = wanted.filter((s) => !Object.hasOwn(SCENARIOS, s))
  if (unknown.length > 0) {
    process.stderr.write(
      `There is no scenario ${unknown.join(', ')}; choose from ${Object.keys(SCENARIOS).join(', ')}.\n`,
    )
    return 2
  }

  const on = machine()
  const figures: Figure[] = []
  const notRun: { scenario: string; reason: string }[] = []
  const failed: { scenario: string; reason: string }[] = []
  for (const scenario of wanted)
    for (const name of SCENARIOS[scenario]!) {
      process.stderr.write(`${scenario}/${name}\n`)
      const outcome = await runCase(scenario, name, values.quick)
      if ('figures' in outcome) figures.push(...outcome.figures)
      else if ('notRun' in outcome) notRun.push({ scenario: `${scenario}/${name}`, reason: outcome.notRun })
      else failed.push({ scenario: `${scenario}/${name}`, reason: outcome.failed })
    }
  const result = { machine: on, quick: values.quick, figures, not_run: notRun, failed }
  saveJson(resolve(values.json), result)
  process.stdout.write(report(result))
  process.stdout.write(`\n${resolve(values.json)} has it all.\n`)
  return failed.length === 0 ? 0 : 1
}

main().then(
  (code) => process.exit(code),
  (e: Error) => {
    process.stderr.write(`${e.message}\n${HELP}`)
    process.exit(2)
  },
)
