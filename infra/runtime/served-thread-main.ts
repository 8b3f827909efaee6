import { parentPort } from 'node:worker_threads'
import type { Telemetry } from '@mastery/topology/ports/telemetry.ts'
import { SERVED_AND_BLEND } from '@mastery/topology/served/catalog.ts'
import { outcomeOf, unpackWalk, type WalkOutcome } from '@mastery/topology/served/packed.ts'
import type { Server } from '@mastery/topology/served/served.ts'
import { openScoringEngine } from './engines.ts'
import type { FromThread, ToThread } from './served-thread.ts'

const send = (m: FromThread) => parentPort!.postMessage(m)
const tell =
  (level: 'info' | 'warn') =>
  (message: string, fields: Record<string, unknown> = {}) =>
    send({ type: 'told', level, message, fields })
const telemetry: Telemetry = { info: tell('info'), warn: tell('warn'), error: tell('warn'), count() {} }

let engine: ReturnType<typeof openScoringEngine> | null = null
const servers = new Map<number, Server>()

async function carryOut(m: ToThread): Promise<WalkOutcome[] | null> {
  if (m.type === 'open') {
    const model = SERVED_AND_BLEND.find((x) => x.id === m.model)!
    servers.set(m.server, await model.open(model.parse(m.bytes), () => (engine ??= openScoringEngine(telemetry))))
    return null
  }
  if (m.type === 'close') {
    servers.get(m.server)?.close()
    servers.delete(m.server)
    return null
  }
  const walks = m.walks.map(unpackWalk)
  await servers.get(m.server)!.walk(walks)
  return walks.map((w, i) => outcomeOf(w, m.walks[i]!.first))
}

/** One after the other: an engine computes one thing at a time. */
let turn: Promise<void> = Promise.resolve()

parentPort!.on('message', (m: ToThread) => {
  turn = turn.then(async () => {
    const call = m.type === 'close' ? 0 : m.call
    try {
      const outcomes = await carryOut(m)
      if (m.type !== 'close') send({ type: 'done', call, outcomes })
    } catch (e) {
      if (m.type !== 'close') send({ type: 'failed', call, message: (e as Error).message })
    }
  })
})
