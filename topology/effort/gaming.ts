import { withinEdits } from './edit-distance.ts'

/** What a student did in a tutor: an attempt at a step, or a request for help. */
export interface TutorAction {
  /** bug: a wrong attempt that the tutor answered with a message for just this error. */
  kind: 'right' | 'wrong' | 'bug' | 'help'
  /** Since the action before, milliseconds; NaN where unknown, which is neither fast nor slow. */
  pauseMs: number
  /** What was entered; null where that is not kept, which is like nothing. */
  answer: string | null
  /** It is one of given options: two different ones are not alike, however short. */
  choice: boolean
  problem: string
  step: string
}

/** The patterns, in the order of their numbers, in words. */
export const GAMING_PATTERNS: readonly string[] = [
  'the same wrong answer entered elsewhere at once',
  'three like answers in a row to one step',
  'a like answer tried again, then entered elsewhere',
  'three fast guesses in a row',
  'two like wrong answers, then a fast guess',
  'help clicked through to the answer, then two like wrong answers',
  'a wrong answer entered elsewhere, then another step without getting it right',
  'an answer that was an error here entered where it is right, then another error',
  'two like wrong answers, then another step without getting it right',
  'another step without getting it right, then two like wrong answers',
  'two like wrong answers, help without thinking, and a like one again',
  'help, then three wrong answers, some alike',
  'three wrong answers, some alike, then help without thinking',
]

/** How many actions each pattern takes. */
export const PATTERN_LENGTHS: readonly number[] = [2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 4, 4, 4]

const GUESS_MS = 6_000
const NO_THOUGHT_MS = 5_000
const BOTTOM_OUT_MS = 4_000
const ALIKE_EDITS = 2

const wrong = (a: TutorAction) => a.kind === 'wrong' || a.kind === 'bug'
const attempt = (a: TutorAction) => a.kind !== 'help'
const guess = (a: TutorAction) => attempt(a) && a.pauseMs < GUESS_MS
const hurriedHelp = (a: TutorAction) => a.kind === 'help' && a.pauseMs <= NO_THOUGHT_MS
const sameContext = (a: TutorAction, b: TutorAction) => a.problem === b.problem && a.step === b.step
const sameAnswer = (a: TutorAction, b: TutorAction) => a.answer !== null && a.answer === b.answer
const sameElsewhere = (a: TutorAction, b: TutorAction) => sameAnswer(a, b) && !sameContext(a, b)
const different = (a: TutorAction, b: TutorAction) => !(sameAnswer(a, b) && sameContext(a, b))

function alike(a: TutorAction, b: TutorAction): boolean {
  if (a.answer === null || b.answer === null) return false
  return a.choice || b.choice ? a.answer === b.answer : withinEdits(a.answer, b.answer, ALIKE_EDITS)
}

/**
 * The thirteen sequences by which experts tell that a student games a tutor (Paquette, de Carvalho & Baker, Towards
 * understanding expert coding of student disengagement in online learning, CogSci 2014), over one student's actions of
 * one session, in order. Constant work and memory per action: the last three are kept.
 */
export class GamingDetector {
  private a3: TutorAction | null = null
  private a2: TutorAction | null = null
  private a1: TutorAction | null = null

  /** Patterns that the action completes, as bits: bit 0 is the first. */
  next(a0: TutorAction): number {
    const { a1, a2, a3 } = this
    this.a3 = a2
    this.a2 = a1
    this.a1 = a0
    let found = 0
    const note = (pattern: number, holds: boolean) => {
      if (holds) found |= 1 << (pattern - 1)
    }
    if (a1 === null) return 0
    note(1, wrong(a1) && wrong(a0) && guess(a0) && sameElsewhere(a1, a0))
    if (a2 === null) return found
    const twoWrong = wrong(a2) && wrong(a1)
    const switched = wrong(a1) && !sameContext(a1, a0)
    note(2, twoWrong && attempt(a0) && alike(a2, a1) && sameContext(a2, a1) && alike(a1, a0) && sameContext(a1, a0))
    note(3, twoWrong && attempt(a0) && alike(a2, a1) && sameElsewhere(a1, a0))
    note(4, twoWrong && guess(a2) && guess(a1) && guess(a0) && different(a2, a1) && different(a1, a0))
    note(5, twoWrong && alike(a2, a1) && guess(a0))
    // The time that a help message is looked at is the pause before what comes after it.
    note(6, a2.kind === 'help' && a1.pauseMs < BOTTOM_OUT_MS && wrong(a1) && wrong(a0) && alike(a1, a0))
    note(7, twoWrong && sameElsewhere(a2, a1) && switched)
    note(8, a2.kind === 'bug' && a1.kind === 'right' && sameElsewhere(a2, a1) && a0.kind === 'bug')
    note(9, twoWrong && wrong(a0) && alike(a2, a1) && switched)
    note(10, twoWrong && wrong(a0) && !sameContext(a2, a1) && alike(a1, a0))
    if (a3 === null) return found
    note(
      11,
      wrong(a3) && wrong(a2) && alike(a3, a2) && hurriedHelp(a1) && wrong(a0) && (alike(a3, a0) || alike(a2, a0)),
    )
    note(12, a3.kind === 'help' && twoWrong && wrong(a0) && someAlike(a2, a1, a0))
    note(13, wrong(a3) && twoWrong && hurriedHelp(a0) && someAlike(a3, a2, a1))
    return found
  }
}

function someAlike(a: TutorAction, b: TutorAction, c: TutorAction): boolean {
  return alike(a, b) || alike(b, c) || alike(a, c)
}

/** What was found in a student's actions. */
export interface GamingCounts {
  actions: number
  /** Actions that are part of a pattern. */
  gaming: number
  /** Times that each pattern was completed. */
  patterns: number[]
}

/** Counts patterns over sessions; every action of a completed pattern counts as gaming, once. */
export class GamingTally {
  private detector = new GamingDetector()
  /** Of the last four actions, newest first: whether they are counted already. */
  private marked: boolean[] = []
  readonly counts: GamingCounts = { actions: 0, gaming: 0, patterns: GAMING_PATTERNS.map(() => 0) }

  /** What comes next has nothing to do with what was before. */
  session(): void {
    this.detector = new GamingDetector()
    this.marked = []
  }

  /** The patterns that the action completes, as bits. */
  add(a: TutorAction): number {
    const found = this.detector.next(a)
    this.counts.actions++
    this.marked = [false, ...this.marked.slice(0, 3)]
    for (let p = 0; p < PATTERN_LENGTHS.length; p++) {
      if (((found >> p) & 1) === 0) continue
      this.counts.patterns[p]!++
      for (let i = 0; i < PATTERN_LENGTHS[p]!; i++) {
        if (this.marked[i]) continue
        this.marked[i] = true
        this.counts.gaming++
      }
    }
    return found
  }
}
