/** Clickstream counts by action name. */
export type Actions = Record<string, number>

/** Adds one to an action's count, in place. */
export function addCount(actions: Actions, action: string): Actions {
  actions[action] = (actions[action] ?? 0) + 1
  return actions
}

export interface GivenAnswer {
  item: string
  answer: string
  at: number
  line: number
  actions: Actions
}

class OpenItem {
  readonly id: string
  readonly enteredAt: number
  /** -1 until something is done. */
  firstActionAt = -1
  lastActionAt: number

  constructor(id: string, enteredAt: number) {
    this.id = id
    this.enteredAt = enteredAt
    this.lastActionAt = enteredAt
  }

  protected touch(at: number): void {
    if (this.firstActionAt < 0) this.firstActionAt = at
    this.lastActionAt = at
  }
}

/** A bundle of questions between `enter` and `submit`. */
export class OpenBundle extends OpenItem {
  readonly quiz: boolean
  readonly #answers = new Map<string, GivenAnswer>()
  readonly #shared: Actions = {}
  readonly #own = new Map<string, Actions>()

  constructor(id: string, enteredAt: number, quiz: boolean) {
    super(id, enteredAt)
    this.quiz = quiz
  }

  act(action: string, item: string, at: number, _cursor: number | null): void {
    this.touch(at)
    addCount(item === this.id ? this.#shared : this.#ownOf(item), action)
  }

  /** True where it replaces an answer given before. */
  respond(item: string, answer: string, at: number, line: number): boolean {
    this.touch(at)
    const replaces = this.#answers.has(item)
    const actions = this.#ownOf(item)
    if (replaces) addCount(actions, 'answer_changes')
    this.#answers.set(item, { item, answer, at, line, actions })
    return replaces
  }

  /** The last answer to each question, in file order, with the actions since entering. */
  answers(): GivenAnswer[] {
    return [...this.#answers.values()]
      .sort((a, b) => a.line - b.line)
      .map((given) => ({ ...given, actions: { ...this.#shared, ...given.actions } }))
  }

  #ownOf(item: string): Actions {
    let own = this.#own.get(item)
    if (own === undefined) this.#own.set(item, (own = {}))
    return own
  }
}

/** A lecture or an explanation between `enter` and `quit`. */
export class OpenView extends OpenItem {
  readonly line: number
  readonly actions: Actions = {}
  readonly #watched: [number, number][] = []
  #playing: { cursor: number; at: number } | null = null

  constructor(id: string, enteredAt: number, line: number) {
    super(id, enteredAt)
    this.line = line
  }

  act(action: string, _item: string, at: number, cursor: number | null): void {
    this.touch(at)
    addCount(this.actions, action)
    if (cursor === null || !Number.isFinite(cursor)) return
    if (action === 'play_video') {
      this.#playing = { cursor, at }
    } else if (action === 'pause_video' && this.#playing !== null) {
      this.#watched.push([this.#playing.cursor, cursor])
      this.#playing = null
    }
  }

  /**
   * Share of a video of `length` ms that was watched at least once: the union of the stretches from a play's cursor to
   * its pause's. A play that was never paused runs until `leftAt`. Null where the length is unknown.
   */
  coverage(length: number | null, leftAt: number): number | null {
    if (length === null) return null
    const stretches = [...this.#watched]
    const playing = this.#playing
    if (playing !== null) stretches.push([playing.cursor, playing.cursor + Math.max(0, leftAt - playing.at)])
    stretches.sort((a, b) => a[0] - b[0])
    let covered = 0
    let reached = 0
    for (const [from, to] of stretches) {
      const start = Math.max(from, reached)
      const stop = Math.min(to, length)
      if (stop <= start) continue
      covered += stop - start
      reached = stop
    }
    return covered / length
  }
}
