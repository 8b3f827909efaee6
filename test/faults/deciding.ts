import type { ServiceName } from '@mastery/topology/flow.ts'
import { expect } from 'vitest'
import type { Rig } from './rig.ts'

/** Where each service dies while a slice of the school comes. */
export type Round = Partial<Record<ServiceName, string>>

/**
 * Sends a school in as many slices as there are rounds. In each, services die at their places and are started again at
 * once. Gives how each of them ended.
 * @throws Error where a service has done the whole slice and never came to its place
 */
export async function killedInRounds(rig: Rig, tenant: string, rounds: readonly Round[]): Promise<string[]> {
  const deaths: string[] = []
  rig.services.leaveAlone()
  for (const [i, round] of rounds.entries()) {
    const victims = Object.entries(round) as [ServiceName, string][]
    await Promise.all(victims.map(([name, at]) => rig.replace(name, { MASTERY_CRASH_AT: at }, false)))
    const fed = rig.feed(tenant, { from: i / rounds.length, to: (i + 1) / rounds.length, appends: 4, pauseMs: 50 })
    let over = false
    const done = (async () => {
      await fed
      await rig.caughtUp()
      over = true
    })()
    done.catch(() => {})
    await Promise.all(
      victims.map(async ([name, at]) => {
        const server = rig.services.of(name)
        await Promise.race([server.ended, done])
        if (over) throw new Error(`${name} never came to ${at} in slice ${i + 1} of ${rounds.length}.`)
        deaths.push(`${at} ${server.child.signalCode}`)
        await rig.replace(name, {}, false)
      }),
    )
    await done
  }
  rig.services.supervise()
  return deaths
}

/** Stages that wrote something twice, as those do that die between the write and the commit. */
async function wroteTwice(rig: Rig, tenant: string): Promise<string[]> {
  const copies = (await rig.decided(tenant)).filter((d) => d.copies > 0)
  return [...new Set(copies.map((d) => d.of.split(' of ')[1]!))].sort()
}

/** After the kills everything is as in an undisturbed run, and each of these stages wrote something twice on the way. */
export async function nothingLost(rig: Rig, tenant: string, what: string, kills: number): Promise<void> {
  await rig.recovered(what, tenant, () => `${kills} kills`)
  const deciding = ['alerts', 'classes', 'drift', 'drift-features', 'drift-scores', 'notify']
  expect(await wroteTwice(rig, tenant)).toEqual(deciding)
}
