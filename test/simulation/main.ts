import { type Failure, runCampaign, type Watcher } from './campaign.ts'
import { type Options, readOptions, USAGE, UsageError } from './options.ts'

/** More failures than this are counted, not shown. */
const SHOWN = 10
const EVERY_MS = 2_000

const say = (text: string) => void process.stderr.write(`${text}\n`)

function watcherOf(options: Options): Watcher {
  let told = performance.now()
  let shown = 0
  return {
    progress(done, of, failures) {
      if (performance.now() - told < EVERY_MS) return
      told = performance.now()
      say(`${done} of ${of} runs, ${failures} failed`)
    },
    failed({ command, difference }: Failure) {
      if (++shown <= SHOWN) say(`\nFAILED: ${difference}\n  again: ${command}`)
      else if (shown === SHOWN + 1) say('\nMore runs failed; they are counted.')
    },
    trace: options.trace ? (lines) => say(lines.join('\n')) : null,
  }
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2))
  if (options.help) {
    process.stdout.write(USAGE)
    return 0
  }
  const result = await runCampaign(options, watcherOf(options))
  const { schedules, crash_points, pairs, failures, seconds } = result
  process.stdout.write(
    options.json
      ? `${JSON.stringify(result)}\n`
      : `${schedules} random schedules, ${crash_points} crash points and ${pairs} pairs of them in ${seconds} s: ${failures === 0 ? 'all equal to the oracle' : `${failures} FAILED`}\n`,
  )
  return failures === 0 ? 0 : 1
}

main().then(
  (code) => process.exit(code),
  (e: Error) => {
    say(e instanceof UsageError ? e.message : (e.stack ?? e.message))
    process.exit(2)
  },
)
