/** `npm run soak`: real servers and services under faults for as long as asked, then a comparison of everything. */
import { spawn } from 'node:child_process'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

const ROOT = resolve(import.meta.dirname, '../..')
const HELP = `npm run soak -- [--minutes 20] [--every 20] [--seed 1] [--rate 150]

Starts the local servers and the services, feeds --rate events a second, and every --every seconds does one of the
faults of test/soak/faults.ts, chosen by the seed. At the end every row of gold and every state is compared with an
undisturbed run of the same events, and "mastery reconcile" must find nothing.
`

function number(name: string, text: string, least: number): number {
  const n = Number(text)
  if (!Number.isFinite(n) || n < least) {
    process.stderr.write(`--${name} must be a number of at least ${least}, not "${text}".\n`)
    process.exit(2)
  }
  return n
}

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    every: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    rate: { type: 'string', default: '150' },
    help: { type: 'boolean', short: 'h' },
  },
})
if (values.help) {
  process.stdout.write(HELP)
  process.exit(0)
}
const child = spawn(
  process.execPath,
  [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--project', 'soak', '--reporter', 'verbose'],
  {
    cwd: ROOT,
    stdio: 'inherit',
    env: {
      ...process.env,
      MASTERY_SOAK_MINUTES: String(number('minutes', values.minutes, 0.5)),
      MASTERY_SOAK_EVERY: String(number('every', values.every, 5)),
      MASTERY_SOAK_SEED: String(number('seed', values.seed, 0)),
      MASTERY_SOAK_RATE: String(number('rate', values.rate, 1)),
    },
  },
)
child.on('exit', (code) => process.exit(code ?? 1))
