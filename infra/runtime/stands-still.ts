import { type ServiceName, stageSpec } from '@mastery/topology/flow.ts'
import type { StateStore } from '@mastery/topology/ports/state-store.ts'

const n = (x: number) => x.toLocaleString('en')

/** Which services have how many records left, and how to start them. `behind`: records by stage. `ms`: since when. */
export function standingStill(
  behind: ReadonlyMap<string, number>,
  state: Pick<StateStore, 'carriesOutputs'>,
  ms: number,
) {
  const left = new Map<ServiceName, string[]>()
  for (const [stage, records] of behind) {
    if (records === 0) continue
    const { service } = stageSpec(stage)
    const what = `${n(records)} record${records === 1 ? '' : 's'}${stage === service ? '' : ` in ${stage}`}`
    left.set(service, [...(left.get(service) ?? []), what])
  }
  const who = [...left].map(([service, parts]) => `${service} has ${parts.join(', ')} left`).join('; ')
  const since = `Nothing has moved for ${Math.round(ms / 1000)} s: ${who}.`
  // Log and state in one store: the stages are in the process that has it open.
  if (state.carriesOutputs)
    return `${since} The stages run in this process, or in "npm start" where that has the data folder; everything sent is in the log and is processed once it is started anew.`
  const own = [...left.keys()].map((service) => `"npx node services/${service}/src/main.ts"`).join(' and ')
  return `${since} Everything sent is in the log and is processed once they run: ${own} starts what is missing, "npx mastery services" all of it.`
}

/** Nobody has processed anything for so long that it is not worth waiting any more. */
export class StandsStill extends Error {
  /** Records that are left, by stage. */
  readonly behind: ReadonlyMap<string, number>

  constructor(behind: ReadonlyMap<string, number>, state: Pick<StateStore, 'carriesOutputs'>, ms: number) {
    super(standingStill(behind, state, ms))
    this.name = 'StandsStill'
    this.behind = behind
  }
}

/** How long whoever waits takes it that nothing moves, milliseconds: until a word is said, and until it is given up. */
export interface Patience {
  saysMs: number
  givesUpMs: number
}

/** A broker lets a killed process go after half a minute, and a start takes a while on a machine that has much to do. */
export const PATIENCE: Patience = { saysMs: 15_000, givesUpMs: 180_000 }

/** Keeps an eye on whether records get fewer. */
export class StillWatch {
  private readonly state: Pick<StateStore, 'carriesOutputs'>
  private readonly patience: Patience
  private readonly say: (text: string) => void
  private moved = performance.now()
  private said = 0
  private before = ''

  constructor(state: Pick<StateStore, 'carriesOutputs'>, say: (text: string) => void, patience: Patience = PATIENCE) {
    this.state = state
    this.say = say
    this.patience = patience
  }

  /**
   * To be told at every look. Gives for how long nothing has moved, milliseconds, and says what stands still every so
   * often.
   * @throws StandsStill once nothing has moved for too long
   */
  look(behind: ReadonlyMap<string, number>): number {
    const now = performance.now()
    const at = [...behind.values()].join()
    if (at !== this.before) {
      this.before = at
      this.moved = now
      this.said = now
    }
    const still = now - this.moved
    if (still > this.patience.givesUpMs) throw new StandsStill(behind, this.state, still)
    if (now - this.said > this.patience.saysMs) {
      this.said = now
      this.say(standingStill(behind, this.state, still))
    }
    return still
  }
}
