import type { ItemAnswer } from './answer.ts'
import { type ItemWindow, ItemWindows, PERIODS } from './drift.ts'
import { type ItemFinding, ItemVerdicts, NOT_COMPARED } from './drift-verdicts.ts'
import { itemHealth } from './health.ts'
import type { ItemHealth } from './item-health.ts'
import { ItemSums } from './item-sums.ts'
import type { ItemParameters } from './parameters.ts'
import { RAPID_OPTIONS, type RapidOptions } from './rapid.ts'

export interface ItemKey {
  tenant: string
  item: string
}

/** A window of an item, with what it says beside the other items of the window. */
export type DriftRow = ItemKey & ItemWindow & ItemFinding

export interface ItemFoldOptions {
  /** What the version in force knows of items, by name. */
  parameters: ReadonlyMap<string, ItemParameters>
  /** They are on the scale of the abilities, so that fitted and observed difficulties can be compared. */
  comparable?: boolean
  rapid?: RapidOptions
  /** Threshold of rapid guesses over all items of a tenant, milliseconds, for those with too few times; left out: none. */
  pooled?: ReadonlyMap<string, number>
  health(key: ItemKey, health: ItemHealth): void
  drift(row: DriftRow): void
}

/**
 * Item health and drift in one pass over answers that come item by item, in any order within an item. Memory holds one
 * item's sums, and of every window that is compared its change.
 */
export class ItemFold {
  private key: ItemKey | null = null
  private sums = new ItemSums()
  private windows: ItemWindows[] = []
  private readonly compared = new Map<string, (ItemKey & ItemWindow)[]>()
  private readonly o: ItemFoldOptions
  answers = 0
  items = 0

  constructor(options: ItemFoldOptions) {
    this.o = options
  }

  add(tenant: string, item: string, answer: ItemAnswer): void {
    if (this.key === null || this.key.item !== item || this.key.tenant !== tenant) {
      this.endItem()
      this.key = { tenant, item }
      this.sums = new ItemSums()
      this.windows = PERIODS.map((p) => new ItemWindows(p))
    }
    this.answers++
    this.sums.add(answer)
    for (const w of this.windows) w.add(answer)
  }

  private endItem(): void {
    const { key, o } = this
    if (key === null) return
    this.items++
    o.health(
      key,
      itemHealth(
        this.sums,
        o.parameters.get(key.item) ?? null,
        o.comparable ?? false,
        o.rapid ?? RAPID_OPTIONS,
        o.pooled?.get(key.tenant) ?? null,
      ),
    )
    for (const windows of this.windows)
      for (const w of windows.list()) {
        if (w.change === null) o.drift({ ...key, ...w, ...NOT_COMPARED })
        else {
          const among = JSON.stringify([key.tenant, w.period, w.startsAt])
          const list = this.compared.get(among) ?? []
          if (list.length === 0) this.compared.set(among, list)
          list.push({ ...key, ...w })
        }
      }
  }

  /** Ends the last item, and gives the windows that had to wait for the other items'. */
  end(): void {
    this.endItem()
    this.key = null
    const verdicts = new Map<string, ItemVerdicts>()
    const inOrder = [...this.compared.values()].sort(([a], [b]) => a!.startsAt - b!.startsAt)
    for (const list of inOrder) {
      const { tenant, period } = list[0]!
      const of = JSON.stringify([tenant, period])
      let v = verdicts.get(of)
      if (v === undefined) verdicts.set(of, (v = new ItemVerdicts()))
      const found = v.judge(list)
      list.forEach((w, i) => void this.o.drift({ ...w, ...found[i]! }))
    }
    this.compared.clear()
  }
}
