const DAY = 86_400_000

/**
 * A change that begins on a day of the school, for tests of what should notice it. skill: all students know so many
 * logits more (or less) than before. harder: an item does so. key: right answers to an item count as wrong, and wrong
 * ones as right. seconds: everybody takes so many times as long.
 */
export type Change =
  | { kind: 'skill'; logits: number }
  | { kind: 'harder'; item: string; logits: number }
  | { kind: 'key'; item: string }
  | { kind: 'seconds'; factor: number }

export type PlantedDrift = Change & {
  /** Days after the school's first day. */
  day: number
}

/** What has changed by now; of nothing planted, and before its day, all of it is neutral. */
export class Planted {
  private readonly changes: readonly PlantedDrift[]
  private readonly start: number

  constructor(changes: readonly PlantedDrift[], start: number) {
    this.changes = changes
    this.start = start
  }

  /** Logits that are added to the skill at an item. */
  logits(item: string, now: number): number {
    let sum = 0
    for (const c of this.begun(now)) {
      if (c.kind === 'skill') sum += c.logits
      if (c.kind === 'harder' && c.item === item) sum -= c.logits
    }
    return sum
  }

  flipped(item: string, now: number): boolean {
    return this.begun(now).some((c) => c.kind === 'key' && c.item === item)
  }

  slower(now: number): number {
    let factor = 1
    for (const c of this.begun(now)) if (c.kind === 'seconds') factor *= c.factor
    return factor
  }

  private begun(now: number): readonly PlantedDrift[] {
    return this.changes.length === 0 ? this.changes : this.changes.filter((c) => now >= this.start + c.day * DAY)
  }
}

const FORMS = 'skill:LOGITS@DAY, seconds:FACTOR@DAY, harder:ITEM:LOGITS@DAY or key:ITEM@DAY'

/**
 * Reads "skill:-0.25@120" and the like.
 * @throws RangeError with the forms that there are
 */
export function plantedDrift(text: string): PlantedDrift {
  const [, what, day] = /^(.+)@(\d+)$/.exec(text) ?? []
  const parts = what?.split(':') ?? []
  const amount = Number(parts.at(-1))
  const at = { day: Number(day) }
  if (parts[0] === 'skill' && parts.length === 2 && Number.isFinite(amount))
    return { kind: 'skill', logits: amount, ...at }
  if (parts[0] === 'seconds' && parts.length === 2 && amount > 0) return { kind: 'seconds', factor: amount, ...at }
  if (parts[0] === 'harder' && parts.length === 3 && Number.isFinite(amount))
    return { kind: 'harder', item: parts[1]!, logits: amount, ...at }
  if (parts[0] === 'key' && parts.length === 2) return { kind: 'key', item: parts[1]!, ...at }
  throw new RangeError(`"${text}" is no drift that can be planted; give ${FORMS}, for example skill:-0.5@120.`)
}
