import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const MAIN = join(import.meta.dirname, 'main.ts')
const folder = mkdtempSync(join(tmpdir(), 'engine-start-'))
const started: ChildProcess[] = []
afterAll(() => {
  for (const child of started) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

/** Starts an engine and resolves once it serves or has ended: with its exit code, null while it runs, and its words. */
function engine(data: string, port: number): Promise<{ pid: number; code: number | null; said: string }> {
  const env = { ...process.env, CLICKHOUSE_ENGINE_DATA: join(folder, data), CLICKHOUSE_ENGINE_PORT: String(port) }
  const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  started.push(child)
  let said = ''
  return new Promise((resolve, reject) => {
    const hear = (bytes: Buffer) => {
      said += bytes.toString('utf8')
      if (said.includes('over HTTP at')) resolve({ pid: child.pid!, code: null, said })
    }
    child.stdout!.on('data', hear)
    child.stderr!.on('data', hear)
    child.on('error', reject)
    child.on('close', (code) => resolve({ pid: child.pid!, code, said }))
  })
}

describe('an engine that cannot start', { timeout: 60_000 }, () => {
  it('names the process that has its folder open', async () => {
    const first = await engine('one', 0)
    expect(first.code).toBeNull()
    const second = await engine('one', 0)
    expect(second.code).toBe(1)
    expect(second.said).toContain(`process ${first.pid} has it open`)
    expect(second.said).not.toMatch(/^\s+at /m)
  })

  it('says that its port is taken, in words that its supervisor knows', async () => {
    const squatter = createServer()
    const port = await new Promise<number>((resolve) =>
      squatter.listen(0, '127.0.0.1', () => resolve((squatter.address() as { port: number }).port)),
    )
    const ended = await engine('two', port)
    expect(ended.code).toBe(1)
    expect(ended.said).toContain(`127.0.0.1:${port} (address already in use)`)
    expect(ended.said).not.toMatch(/^\s+at /m)
    await new Promise((resolve) => squatter.close(resolve))
  })
})
