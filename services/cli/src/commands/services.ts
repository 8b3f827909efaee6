import { type ChildProcess, spawn } from 'node:child_process'
import { join, resolve } from 'node:path'
import type { Profile } from '@mastery/infra/config/profile.ts'
import { SERVICES } from '@mastery/topology/flow.ts'

const ROOT = resolve(import.meta.dirname, '../../../..')

/**
 * Runs every service as a process of its own and starts again what ends unasked, a little later each time. Resolves
 * when told to stop and all have ended.
 */
export async function runServices(profile: Profile, stopped: Promise<string>): Promise<number> {
  const children = new Map<string, ChildProcess>()
  let stopping = false
  const ports: Record<string, string> = {
    collector: String(profile.http.port),
    api: String(profile.http.port === 0 ? 0 : profile.http.port + 1),
  }

  function launch(name: string, failures: number): void {
    const started = Date.now()
    const child = spawn(process.execPath, [join(ROOT, 'services', name, 'src/main.ts')], {
      env: {
        ...process.env,
        MASTERY_PROFILE: profile.name,
        MASTERY_DATA: profile.dataDir,
        // Stages and jobs answer for their health on any free port.
        PORT: ports[name] ?? '0',
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    children.set(name, child)
    process.stdout.write(`${name}: process ${child.pid}\n`)
    child.on('exit', (code, signal) => {
      if (stopping) return
      const again = Date.now() - started > 60_000 ? 0 : failures + 1
      const wait = Math.min(15_000, 500 * again * again)
      process.stderr.write(`${name} ended (${signal ?? `code ${code}`}); starting it again in ${wait} ms\n`)
      setTimeout(() => stopping || launch(name, again), wait)
    })
  }

  for (const name of SERVICES) launch(name, 0)
  await stopped
  stopping = true
  await Promise.all(
    [...children.values()].map(
      (c) =>
        new Promise<void>((done) => {
          if (c.exitCode !== null || c.signalCode !== null) return done()
          c.once('exit', () => done())
          c.kill('SIGTERM')
        }),
    ),
  )
  return 0
}
