import { type Case, NotRun, type Outcome } from './scenario.ts'

const [scenario, name, quick] = process.argv.slice(2)
const note = (text: string) => process.stderr.write(`  ${scenario}/${name}: ${text}\n`)

async function main(): Promise<Outcome> {
  try {
    const { cases } = (await import(`./${scenario}.ts`)) as { cases: Record<string, Case> }
    return { figures: await cases[name!]!({ quick: quick === 'quick', note }) }
  } catch (e) {
    return e instanceof NotRun ? { notRun: e.message } : { failed: (e as Error).stack ?? String(e) }
  }
}

const outcome = await main()
const leave = () => process.exit('failed' in outcome ? 1 : 0)
if (process.send) process.send(outcome, undefined, {}, leave)
else {
  // Started by hand, say under a profiler.
  process.stdout.write(`${JSON.stringify(outcome, null, 2)}\n`)
  leave()
}
