/**
 * Runs every tier but the long faults. The integration and fault tiers get real Kafka, Redis, registry and ClickHouse
 * engine, started and stopped here. Where the machine can't have them they are reported as not run, with the reason;
 * with CI=true that is a failure. `--faults` runs all faults instead, each file on servers of its own, and prints how
 * long each took to recover from.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { downStack, stackUnavailable, upStack } from '@mastery/infra/local/stack.ts'

import { recoveries, recoveryTable } from './faults/recovery.ts'
import { inWords, readVerdicts } from './verdicts.ts'

const ROOT = resolve(import.meta.dirname, '..')
const FAST = ['unit', 'contract', 'e2e']
const SERVERS = ['integration', 'fault']
const LONG = ['fault', 'long-fault']
const VERDICTS = join(ROOT, `.local/test-verdicts-${process.pid}.ndjson`)
const REPORTERS = ['--reporter=default', `--reporter=${join(ROOT, 'test/verdict-reporter.ts')}`]

function vitest(tiers: string[], files: string[], env: Record<string, string> = {}): Promise<number> {
  const args = ['run', ...tiers.flatMap((t) => ['--project', t]), ...REPORTERS, ...files, '--passWithNoTests']
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [join(ROOT, 'node_modules/vitest/vitest.mjs'), ...args], {
      cwd: ROOT,
      stdio: 'inherit',
      env: { ...process.env, MASTERY_TEST_VERDICTS: VERDICTS, ...env },
    })
    child.on('error', fail)
    child.on('exit', (code) => done(code ?? 1))
  })
}

const say = (text: string) => process.stdout.write(`\n${'='.repeat(100)}\n${text}\n${'='.repeat(100)}\n`)
const log = (line: string) => process.stdout.write(`${line}\n`)

/** One file after the other: each has four servers and three services, and times are worth something only alone. */
async function faults(files: string[]): Promise<number> {
  const reasons = await stackUnavailable({ log })
  if (reasons.length > 0) {
    say(`NOT RUN: the faults, for want of\n${reasons.map((r) => `  - ${r}`).join('\n')}`)
    return process.env['CI'] === 'true' ? 1 : 0
  }
  const folder = join(ROOT, '.local/test')
  const table = join(folder, `recoveries-${process.pid}.ndjson`)
  mkdirSync(folder, { recursive: true })
  const more = ['--no-file-parallelism', ...files]
  const code = await vitest(LONG, more, { MASTERY_TEST_KAFKA: 'own', MASTERY_FAULT_TABLE: table })
  const found = recoveries(table)
  rmSync(table, { force: true })
  if (found.length > 0) say(recoveryTable(found))
  return code
}

async function main(): Promise<number> {
  const [first, ...rest] = process.argv.slice(2)
  if (first === '--faults') return faults(rest)
  const files = process.argv.slice(2)
  const fast = await vitest(FAST, files)
  const reasons = await stackUnavailable({ log })
  if (reasons.length > 0) {
    say(`NOT RUN: the integration and fault tiers, for want of\n${reasons.map((r) => `  - ${r}`).join('\n')}`)
    return process.env['CI'] === 'true' ? 1 : fast
  }
  const root = join(ROOT, '.local/test')
  const stop = () => downStack(root, { wipe: true })
  for (const s of ['SIGINT', 'SIGTERM'] as const) process.once(s, () => void stop().finally(() => process.exit(1)))
  let slow = 1
  try {
    const at = await upStack({ root, log })
    slow = await vitest(SERVERS, files, {
      MASTERY_TEST_KAFKA: at.kafka,
      MASTERY_TEST_REDIS: at.redis,
      MASTERY_TEST_REGISTRY: at.registry,
      MASTERY_TEST_CLICKHOUSE: at.clickhouse,
    })
  } finally {
    await stop()
  }
  say(
    `${fast === 0 ? 'passed' : 'FAILED'}: ${FAST.join(', ')}\n${slow === 0 ? 'passed' : 'FAILED'}: ${SERVERS.join(', ')}`,
  )
  return fast || slow
}

/** What failed is said once more at the end: of a long log that is what people, and CI, still show. */
async function told(): Promise<number> {
  mkdirSync(join(ROOT, '.local'), { recursive: true })
  try {
    return await main()
  } finally {
    const found = readVerdicts(VERDICTS)
    rmSync(VERDICTS, { force: true })
    if (found.length > 0) say(inWords(found))
  }
}

told().then(
  (code) => process.exit(code),
  (e: Error) => {
    process.stderr.write(`${e.message}\n`)
    process.exit(1)
  },
)
