import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** Every server of the local profile listens here and nowhere else. */
export const LOOPBACK = '127.0.0.1'

/** Whether a port can be bound now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, LOOPBACK, () => probe.close(() => resolve(true)))
  })
}

async function isFreeWithin(port: number, limitMs: number): Promise<boolean> {
  const until = performance.now() + limitMs
  while (!(await isFree(port))) {
    if (performance.now() > until) return false
    await sleep(50)
  }
  return true
}

/**
 * Ports for the names given: the remembered one where it is free or becomes so within `waitMs`, else one that the system
 * picks. All are held until all are known, so that no two are equal.
 */
export async function choosePorts(
  names: readonly string[],
  remembered: Readonly<Record<string, number>>,
  waitMs = 0,
): Promise<Record<string, number>> {
  const held: ReturnType<typeof createServer>[] = []
  const chosen: Record<string, number> = {}
  for (const name of names) {
    const last = remembered[name]
    const server = createServer()
    held.push(server)
    const wanted = last !== undefined && (await isFreeWithin(last, waitMs)) ? last : 0
    chosen[name] = await new Promise<number>((resolve, reject) => {
      server.once('error', reject)
      server.listen(wanted, LOOPBACK, () => resolve((server.address() as AddressInfo).port))
    })
  }
  await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))))
  return chosen
}

/**
 * Sends bytes over TCP and asks `complete` after each piece of the answer.
 * @returns true once `complete` says so; false on refusal, hang-up or after a second
 */
export function exchange(port: number, request: Buffer, complete: (answer: Buffer) => boolean): Promise<boolean> {
  return new Promise((resolve) => {
    let answer: Buffer = Buffer.alloc(0)
    const socket: Socket = connect({ host: LOOPBACK, port })
    const end = (served: boolean) => {
      socket.destroy()
      resolve(served)
    }
    socket.setTimeout(1_000, () => end(false))
    socket.once('error', () => end(false))
    socket.once('close', () => end(false))
    socket.once('connect', () => socket.write(request))
    socket.on('data', (piece: Buffer) => {
      answer = Buffer.concat([answer, piece])
      if (complete(answer)) end(true)
    })
  })
}

/** Whether a GET is answered with 200 and, where given, this body, within two seconds. */
export async function answers(url: string, body?: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) })
    const text = await response.text()
    return response.status === 200 && (body === undefined || text === body)
  } catch {
    return false
  }
}
