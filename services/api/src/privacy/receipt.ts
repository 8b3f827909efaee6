/** What every store answered to an erasure. Pseudonyms, counts and dates only. */
export interface ErasureReceipt {
  /** The command's id; shows the receipt again. */
  receipt_id: string
  tenant: string
  student_id: string
  /** complete: every store was checked and holds nothing from before. pending: `waiting_for` says for whom. */
  status: 'complete' | 'pending'
  waiting_for: string[]
  erased_at: string
  /** From then on events count again; null: none do. */
  readmitted_at: string | null
  checked_at: string
  state: StateEntry[]
  gold: GoldEntry[]
  /** Tables about students that keep their rows, and why. */
  kept: { table: string; why: string }[]
  roster: RosterEntry
  jobs: { checked: boolean; with_the_pseudonym: number; note: string }
  topics: TopicEntry[]
  models: ModelsEntry
  /** Events and commands that came after the erasure and were dropped, in the generation that readers see. */
  late_dropped: number
}

export interface StateEntry {
  generation: number
  store: 'features' | 'scoring' | 'alerts'
  /** erased: a tombstone, and nothing else. readmitted: what came since. */
  found: 'erased' | 'readmitted' | 'none' | 'data'
}

export interface GoldEntry {
  table: string
  removed: number
  left: number
  verified: boolean
}

export interface TopicEntry {
  topic: string
  /** The day on which the last record from before the erasure has gone; null: the log keeps them. */
  gone_by: string | null
  /** Records that this check removed; logs that expire remove none of them one by one. */
  removed: number
  note: string
}

export interface RosterEntry {
  checked: boolean
  /** Whether the identity vault held the person, whom it has forgotten. */
  person: boolean
  /** Guardians who had no other child here, and were forgotten with the student. */
  guardians: number
  /** Version of the roster without them; null: none had to be made. */
  version: string | null
  /** Former versions that name the pseudonym and no name. */
  former_versions: number
  note: string
}

export interface ModelsEntry {
  trained_on_subject: string[]
  /** Versions that have been in force with parameters of their own, and of which nothing says whose data made them. */
  not_recorded: string[]
  note: string
}
