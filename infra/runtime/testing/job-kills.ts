import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'

const CHILD = join(import.meta.dirname, 'job-child.ts')

export interface KillOptions {
  /** The place of a fresh queue, as job-child.ts takes it. */
  place(dir: string, n: number): string
  /** Two processes may work on the queue at once. */
  shared: boolean
}

/** What a queue keeps to when the process that runs a job is killed or stopped. */
export function jobKills(name: string, options: KillOptions): void {
  describe(`jobs whose process is killed: ${name}`, { timeout: 90_000 }, () => {
    const root = mkdtempSync(join(tmpdir(), 'mastery-job-kills-'))
    const children: ChildProcess[] = []
    let places = 0
    afterEach(() => {
      for (const c of children.splice(0)) c.kill('SIGKILL')
    })
    afterAll(() => rmSync(root, { recursive: true, force: true }))

    function world() {
      const n = ++places
      const log = join(root, `log${n}`)
      const place = options.place(join(root, `queue${n}`), n)
      const lines = () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [])
      return {
        lines,
        launch(who: string, crashAt = ''): ChildProcess {
          const child = spawn(process.execPath, [CHILD, place, log], {
            env: { ...process.env, WHO: who, MASTERY_CRASH_AT: crashAt },
            stdio: ['ignore', 'ignore', 'inherit'],
          })
          children.push(child)
          return child
        },
        letGo: () => writeFileSync(`${log}.go`, ''),
        async line(pattern: RegExp): Promise<string> {
          for (let i = 0; i < 1_200; i++) {
            const found = lines().find((l) => pattern.test(l))
            if (found) return found
            await new Promise((r) => setTimeout(r, 25))
          }
          throw new Error(`${pattern} never came; there is:\n${lines().join('\n')}`)
        },
      }
    }
    const gone = (child: ChildProcess) =>
      new Promise<void>((r) =>
        child.exitCode !== null || child.signalCode !== null ? r() : child.once('exit', () => r()),
      )

    it('half-way: the job runs again and goes on from what it saved, its effect done once', async () => {
      const w = world()
      const first = w.launch('A')
      await w.line(/^half A/)
      first.kill('SIGKILL')
      await gone(first)
      w.launch('B')
      expect(await w.line(/^completed/)).toMatch(/result "B" deliveries 2 failures 0/)
      expect(w.lines().filter((l) => l === 'effect')).toHaveLength(1)
      expect(w.lines()).toContain('start B attempt 1 checkpoint {"half":true}')
    })

    it('told to go half-way: the job is handed back and runs elsewhere, without a failure', async () => {
      const w = world()
      const first = w.launch('A')
      await w.line(/^half A/)
      first.kill('SIGTERM')
      await gone(first)
      expect(first.exitCode).toBe(0)
      w.launch('B')
      expect(await w.line(/^completed/)).toMatch(/result "B" deliveries 2 failures 0/)
      expect(w.lines().filter((l) => l === 'effect')).toHaveLength(1)
    })

    it('when it has run, before that is recorded: it is delivered again, with one effect', async () => {
      const w = world()
      w.letGo()
      await gone(w.launch('A', 'jobs.ran'))
      expect(w.lines()).toContain('end A')
      expect(w.lines().some((l) => l.startsWith('completed'))).toBe(false)
      w.launch('B')
      expect(await w.line(/^completed/)).toMatch(/deliveries 2 failures 0/)
      expect(w.lines().filter((l) => l === 'effect')).toHaveLength(1)
    })

    // Only a queue that several processes share can forget, or hand over, a delivery.
    if (!options.shared) return

    it('when the ledger has it and the queue does not: the delivery is answered, not run', async () => {
      const w = world()
      w.letGo()
      await gone(w.launch('A', 'jobs.recorded'))
      w.launch('B')
      expect(await w.line(/^completed/)).toMatch(/result "A" deliveries 2/)
      expect(w.lines().filter((l) => l.startsWith('start'))).toEqual(['start A attempt 1 checkpoint null'])
    })

    it('stopped, and taken for dead: what it says when it wakes up changes nothing', async () => {
      const w = world()
      const zombie = w.launch('A')
      await w.line(/^half A/)
      zombie.kill('SIGSTOP')
      w.launch('B')
      expect(await w.line(/^completed/)).toMatch(/result "B" deliveries 2/)
      w.letGo()
      zombie.kill('SIGCONT')
      await w.line(/^end A/)
      await new Promise((r) => setTimeout(r, 1_500))
      expect(new Set(w.lines().filter((l) => l.startsWith('completed')))).toEqual(
        new Set(['completed result "B" deliveries 2 failures 0']),
      )
      expect(w.lines().filter((l) => l === 'effect')).toHaveLength(1)
    })
  })
}
