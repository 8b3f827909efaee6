import type { TopicName } from '../topics.ts'
import type { LogAppend } from './event-log.ts'

/** One stage's state for one input partition. All keys of a scope live together, so that a commit is one atomic operation. */
export interface StateScope {
  stage: string
  generation: number
  topic: TopicName
  partition: number
}

export interface Claim {
  /** Raised by every claim; a commit with an older epoch is fenced. */
  epoch: number
  /** The first offset that is not yet part of the state. */
  nextOffset: number
  /** The partition's own state, null before the first commit. */
  meta: Uint8Array | null
}

export interface StateCommit {
  epoch: number
  /** Must equal the scope's next offset. */
  expectedOffset: number
  nextOffset: number
  meta: Uint8Array
  /** New bytes per key. */
  changes: readonly (readonly [key: string, bytes: Uint8Array])[]
  /** Outputs to append in the same transaction; only where `carriesOutputs`. */
  outputs: readonly LogAppend[]
}

/**
 * committed: state, meta and offset are stored, all of them.
 * already: this very commit took effect before, its acknowledgement was lost.
 * fenced: another owner has claimed the scope, or the offset is not the expected one; nothing was stored.
 */
export type CommitResult = 'committed' | 'already' | 'fenced'

/** What an owner believes of its scope. */
export interface Fence {
  epoch: number
  nextOffset: number
}

/** Every operation throws a TransientError where the store can't be reached, or refuses to write, for the moment. */
export interface StateStore {
  /** True where state and log share one transaction, so that outputs and state appear together. */
  readonly carriesOutputs: boolean
  /** Takes the scope, whoever has it: commits of the owner before are fenced from here on. `owner` is for people. */
  claim(scope: StateScope, owner: string): Promise<Claim>
  /**
   * Bytes per key in the order asked, null where there are none. With a fence they are those of exactly that epoch and
   * offset: an owner never folds on the states of another, nor on those of a store that was set back or emptied.
   * @throws FencedError where the scope stands elsewhere
   */
  load(scope: StateScope, keys: readonly string[], fence?: Fence): Promise<(Uint8Array | null)[]>
  commit(scope: StateScope, commit: StateCommit): Promise<CommitResult>
  /** For readers outside the stage: no claim, no fence. Null before the first commit. */
  peek(scope: StateScope): Promise<{ nextOffset: number; meta: Uint8Array } | null>
  /** Forgets a scope: states, offset and claim. A commit of whoever held it is fenced. One that is not there is passed over. */
  drop(scope: StateScope): Promise<void>
  /** All keys of a scope, each once, in no order; for tools. */
  keys(scope: StateScope): AsyncIterable<string>
  close(): Promise<void>
}

export function scopeId(scope: StateScope): string {
  return `${scope.stage}/g${scope.generation}/${scope.topic}/${scope.partition}`
}
