import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { writeJson } from './layout.ts'
import { withStackLock } from './lock.ts'
import { choosePorts, isFree } from './network.ts'
import { isRunning, startDetached, stopProcess } from './process.ts'
import { waitUntil } from './wait.ts'

const folder = mkdtempSync(join(tmpdir(), 'process-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const node = (script: string, name: string) =>
  startDetached({ command: process.execPath, args: ['-e', script], cwd: folder }, join(folder, name))
const wait = (what: string, alive: () => boolean, limitMs: number) =>
  waitUntil({
    what,
    limitMs,
    check: async () => false,
    alive,
    logFile: join(folder, `${what}.log`),
    log: () => undefined,
  })

describe('server processes', () => {
  it('quotes the log of a server that ends while it starts', async () => {
    const identity = await node('console.error("cannot bind: boom"); process.exit(3)', 'early.log')
    await expect(wait('early', () => isRunning(identity), 20_000)).rejects.toThrow(
      /early ended while it started[\s\S]*cannot bind: boom/,
    )
  })

  it('gives up on a server that never serves', async () => {
    const identity = await node('console.log("still loading"); setInterval(() => {}, 1000)', 'late.log')
    while (!readFileSync(join(folder, 'late.log'), 'utf8').includes('still'))
      await new Promise((resolve) => setTimeout(resolve, 20))
    await expect(wait('late', () => isRunning(identity), 1_000)).rejects.toThrow(/did not serve within 1 s[\s\S]*still/)
    expect(await stopProcess(identity, 5_000)).toBe('stopped')
    expect(isRunning(identity)).toBe(false)
  })

  it('kills a server that does not heed SIGTERM', async () => {
    const identity = await node(
      'process.on("SIGTERM", () => {}); console.log("deaf"); setInterval(() => {}, 1000)',
      'deaf.log',
    )
    while (!readFileSync(join(folder, 'deaf.log'), 'utf8').includes('deaf'))
      await new Promise((resolve) => setTimeout(resolve, 20))
    expect(await stopProcess(identity, 200)).toBe('killed')
  })

  it('says which command cannot be started', async () => {
    const missing = startDetached({ command: 'no-such-server', args: [], cwd: folder }, join(folder, 'missing.log'))
    await expect(missing).rejects.toThrow(/cannot start no-such-server/)
  })

  it('remembers ports that are free and replaces those that are taken', async () => {
    const first = await choosePorts(['main', 'controller'], {})
    expect(first['main']).not.toBe(first['controller'])
    expect(await choosePorts(['main', 'controller'], first)).toEqual(first)
    const { createServer } = await import('node:net')
    const squatter = createServer()
    await new Promise<void>((resolve) => squatter.listen(first['main'], '127.0.0.1', resolve))
    expect(await isFree(first['main']!)).toBe(false)
    expect((await choosePorts(['main'], first))['main']).not.toBe(first['main'])
    await new Promise((resolve) => squatter.close(resolve))
  })

  it('waits for a port that its last holder is about to give back', async () => {
    const first = await choosePorts(['main'], {})
    const { createServer } = await import('node:net')
    const holder = createServer()
    await new Promise<void>((resolve) => holder.listen(first['main'], '127.0.0.1', resolve))
    const again = choosePorts(['main'], first, 60_000)
    expect(await isFree(first['main']!)).toBe(false)
    holder.close()
    expect(await again).toEqual(first)
  })

  it('takes over the lock of a command that is gone and keeps two commands apart', async () => {
    writeJson(join(folder, 'lock.json'), { pid: 2 ** 22 + 1, born: 'long ago' })
    const order: string[] = []
    const command = (name: string) =>
      withStackLock(
        folder,
        () => undefined,
        async () => {
          order.push(`${name} in`)
          await new Promise((resolve) => setTimeout(resolve, 50))
          order.push(`${name} out`)
        },
      )
    await Promise.all([command('a'), command('b')])
    expect(order.map((step) => step.split(' ')[1])).toEqual(['in', 'out', 'in', 'out'])
  })
})
