/**
 * Runs every command of README.md, of the operator's page and of the one on delivery, in order, as a newcomer would:
 * lines of ```sh blocks. A line that ends with `&` stays in the background until the end of its page, and what a line
 * exports holds until there. Output of a failing command is shown; the
 * exit code is that of the first failure.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '..')
/** Installing again would pull the ground from under this process, and the tests have run. */
const ALREADY_DONE = new Map([
  ['npm ci && npm run demo', 'npm run demo'],
  ['npm ci && npm test', ''],
])
const LIMIT_MS = 300_000
/** Until a process in the background answers. */
const STARTS_MS = 12_000

function readmeCommands(text: string): string[] {
  return [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap((m) =>
    m[1]!
      .replaceAll('\\\n', ' ')
      .split('\n')
      .map((l) => l.replace(/\s+#\s.*$/, '').trim())
      .filter((l) => l !== '' && !l.startsWith('#')),
  )
}

function run(command: string, env: NodeJS.ProcessEnv): Promise<{ code: number; output: string }> {
  return new Promise((done) => {
    const child = spawn('bash', ['-c', command], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const add = (b: Buffer) => {
      output = (output + b.toString()).slice(-20_000)
    }
    child.stdout.on('data', add)
    child.stderr.on('data', add)
    const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS)
    child.on('exit', (code) => {
      clearTimeout(timer)
      done({ code: code ?? 1, output })
    })
  })
}

const PAGES = ['README.md', 'docs/operations.md', 'docs/delivery.md']

async function page(name: string): Promise<{ commands: number; failures: number }> {
  const background: ChildProcess[] = []
  let failures = 0
  const env = { ...process.env }
  const commands = readmeCommands(readFileSync(join(ROOT, name), 'utf8'))
  process.stdout.write(`-- ${name}\n`)
  for (const line of commands) {
    const command = ALREADY_DONE.get(line) ?? line
    if (command === '') continue
    process.stdout.write(`$ ${command}\n`)
    if (command.startsWith('export ')) {
      for (const [, variable, value] of command.matchAll(/(\w+)=(\S*)/g)) env[variable!] = value!
      continue
    }
    if (command.endsWith('&')) {
      background.push(spawn('bash', ['-c', command.slice(0, -1)], { cwd: ROOT, env, stdio: 'ignore', detached: true }))
      await new Promise((r) => setTimeout(r, STARTS_MS))
      continue
    }
    const started = performance.now()
    const { code, output } = await run(command, env)
    process.stdout.write(
      `  ${code === 0 ? 'ok' : `FAILED with code ${code}`} after ${((performance.now() - started) / 1000).toFixed(1)} s\n`,
    )
    if (code !== 0) {
      failures++
      process.stdout.write(`${output}\n`)
    }
  }
  await Promise.all(background.map(end))
  return { commands: commands.length, failures }
}

/** Ends a background command and what it started, and waits until it has let go of its folder and ports. */
function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((done) => {
    child.on('exit', () => done())
    try {
      process.kill(-child.pid!, 'SIGTERM')
    } catch {
      done()
    }
  })
}

async function main(): Promise<number> {
  let [passed, failed] = [0, 0]
  for (const name of process.argv[2] ? process.argv.slice(2) : PAGES) {
    const { commands, failures } = await page(name)
    passed += commands - failures
    failed += failures
  }
  process.stdout.write(`${passed} passed, ${failed} failed\n`)
  return failed === 0 ? 0 : 1
}

if (import.meta.main) main().then((code) => process.exit(code))
