import { join } from 'node:path'
import { layoutOf, readJson } from '@mastery/infra/local/layout.ts'
import { type PartName, type StackAddresses, statusStack, upStack } from '@mastery/infra/local/stack.ts'

const ENDS_MS = 120_000

/**
 * Starts parts of the stack at this root that do not run; they keep their data. Throws where one is given another port:
 * proxies and services know the old one, and would look for it until the test's time is up.
 */
export async function startPart(root: string, ...parts: PartName[]): Promise<void> {
  const before = readJson<StackAddresses>(join(layoutOf(root).stackDir, 'addresses.json'))!
  const log: string[] = []
  const after = await upStack({ root, parts, log: (line) => void log.push(line) })
  for (const part of parts)
    if (after[part] !== before[part])
      throw new Error(`${part} came back at ${after[part]}, not at ${before[part]}:\n${log.join('\n')}`)
}

/** Signals a part's process. SIGKILL and SIGTERM: resolves once it is gone. */
export async function signalPart(root: string, part: PartName, signal: NodeJS.Signals): Promise<void> {
  const { pid } = (await statusStack(root)).find((p) => p.part === part)!
  if (pid === null) throw new Error(`${part} does not run.`)
  process.kill(pid, signal)
  if (signal === 'SIGKILL' || signal === 'SIGTERM') await endOfPart(root, part)
}

/** Resolves once a part's process has ended. */
export async function endOfPart(root: string, part: PartName): Promise<void> {
  const until = performance.now() + ENDS_MS
  while ((await statusStack(root)).find((p) => p.part === part)!.pid !== null) {
    if (performance.now() > until) throw new Error(`${part} did not end within ${ENDS_MS} ms.`)
    await new Promise((r) => setTimeout(r, 20))
  }
}
