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
  /** What the source did not keep; left out: nothing that the patterns ask for. */
  lost?: {
    /** What was entered: `answer` is null, and nobody can say whether it is like another one. */
    answer?: boolean
    /** Whether a wrong attempt was one that the tutor had a message for. */
    bug?: boolean
  }
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

/** What each pattern can't be told without, but for wrong attempts. */
export const PATTERN_NEEDS: readonly (readonly ('answer' | 'bug' | 'help' | 'time')[])[] = [
  ['answer', 'time'],
  ['answer'],
  ['answer'],
  ['time'],
  ['answer', 'time'],
  ['answer', 'help', 'time'],
  ['answer'],
  ['answer', 'bug'],
  ['answer'],
  ['answer'],
  ['answer', 'help', 'time'],
  ['answer', 'help'],
  ['answer', 'help', 'time'],
]

/** How many actions each pattern takes. */
export const PATTERN_LENGTHS: readonly number[] = [2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 4, 4, 4]

const GUESS_MS = 6_000
const NO_THOUGHT_MS = 5_000
const BOTTOM_OUT_MS = 4_000
const ALIKE_EDITS = 2

/**
 * No, nobody can say, or yes: what was entered, or whether the tutor knew an error, may not be kept. Conjunction is the
 * least, disjunction the greatest (Kleene's strong logic), so that what stays open is what either answer could change.
 */
type Truth = 0 | 1 | 2
const OPEN = 1
const YES = 2

const is = (holds: boolean): Truth => (holds ? YES : 0)
const not = (t: Truth): Truth => (YES - t) as Truth
const all = (...of: Truth[]): Truth => Math.min(...of) as Truth
const any = (...of: Truth[]): Truth => Math.max(...of) as Truth

const wrong = (a: TutorAction) => is(a.kind === 'wrong' || a.kind === 'bug')
const bug = (a: TutorAction): Truth => (a.kind === 'wrong' && a.lost?.bug ? OPEN : is(a.kind === 'bug'))
const attempt = (a: TutorAction) => is(a.kind !== 'help')
const guess = (a: TutorAction) => is(a.kind !== 'help' && a.pauseMs < GUESS_MS)
const hurriedHelp = (a: TutorAction) => is(a.kind === 'help' && a.pauseMs <= NO_THOUGHT_MS)
const sameContext = (a: TutorAction, b: TutorAction) => is(a.problem === b.problem && a.step === b.step)
const elsewhere = (a: TutorAction, b: TutorAction) => not(sameContext(a, b))
const different = (a: TutorAction, b: TutorAction) => not(all(sameAnswer(a, b), sameContext(a, b)))
const sameElsewhere = (a: TutorAction, b: TutorAction) => all(sameAnswer(a, b), elsewhere(a, b))
const someAlike = (a: TutorAction, b: TutorAction, c: TutorAction) => any(alike(a, b), alike(b, c), alike(a, c))

/** Nothing was entered, and it is like nothing; or what was is not kept, and nobody can say. */
function compared(a: TutorAction, b: TutorAction, equal: (x: string, y: string) => boolean): Truth {
  const lostA = a.lost?.answer === true
  const lostB = b.lost?.answer === true
  if ((a.answer === null && !lostA) || (b.answer === null && !lostB)) return 0
  return lostA || lostB ? OPEN : is(equal(a.answer!, b.answer!))
}

const sameAnswer = (a: TutorAction, b: TutorAction) => compared(a, b, (x, y) => x === y)
const alike = (a: TutorAction, b: TutorAction) =>
  compared(a, b, (x, y) => (a.choice || b.choice ? x === y : withinEdits(x, y, ALIKE_EDITS)))

/**
 * The thirteen sequences by which experts tell that a student games a tutor (Paquette, de Carvalho & Baker, Towards
 * understanding expert coding of student disengagement in online learning, CogSci 2014), over one student's actions of
 * one session, in order. Constant work and memory per action: the last three are kept.
 */
export class GamingDetector {
  private a3: TutorAction | null = null
  private a2: TutorAction | null = null
  private a1: TutorAction | null = null

  /** Patterns that the last action may complete, for all that is kept, and may not: as bits. */
  open = 0

  /** Patterns that the action completes, as bits: bit 0 is the first. */
  next(a0: TutorAction): number {
    const { a1, a2, a3 } = this
    this.a3 = a2
    this.a2 = a1
    this.a1 = a0
    this.open = 0
    let found = 0
    const note = (pattern: number, ...of: Truth[]) => {
      const holds = all(...of)
      if (holds === YES) found |= 1 << (pattern - 1)
      else if (holds === OPEN) this.open |= 1 << (pattern - 1)
    }
    if (a1 === null) return 0
    note(1, wrong(a1), wrong(a0), guess(a0), sameElsewhere(a1, a0))
    if (a2 === null) return found
    const twoWrong = all(wrong(a2), wrong(a1))
    const switched = all(wrong(a1), elsewhere(a1, a0))
    note(2, twoWrong, attempt(a0), alike(a2, a1), sameContext(a2, a1), alike(a1, a0), sameContext(a1, a0))
    note(3, twoWrong, attempt(a0), alike(a2, a1), sameElsewhere(a1, a0))
    note(4, twoWrong, guess(a2), guess(a1), guess(a0), different(a2, a1), different(a1, a0))
    note(5, twoWrong, alike(a2, a1), guess(a0))
    // The time that a help message is looked at is the pause before what comes after it.
    note(6, is(a2.kind === 'help' && a1.pauseMs < BOTTOM_OUT_MS), wrong(a1), wrong(a0), alike(a1, a0))
    note(7, twoWrong, sameElsewhere(a2, a1), switched)
    note(8, bug(a2), is(a1.kind === 'right'), sameElsewhere(a2, a1), bug(a0))
    note(9, twoWrong, wrong(a0), alike(a2, a1), switched)
    note(10, twoWrong, wrong(a0), elsewhere(a2, a1), alike(a1, a0))
    if (a3 === null) return found
    const again = any(alike(a3, a0), alike(a2, a0))
    note(11, wrong(a3), wrong(a2), alike(a3, a2), hurriedHelp(a1), wrong(a0), again)
    note(12, is(a3.kind === 'help'), twoWrong, wrong(a0), someAlike(a2, a1, a0))
    note(13, wrong(a3), twoWrong, hurriedHelp(a0), someAlike(a3, a2, a1))
    return found
  }
}

/** What was found in a student's actions. */
export interface GamingCounts {
  actions: number
  /** Actions that are part of a pattern. */
  gaming: number
  /** Times that each pattern was completed. */
  patterns: number[]
  /** Times that each may have been, and what is kept can't tell. */
  open: number[]
}

/** Counts patterns over sessions; every action of a completed pattern counts as gaming, once. */
export class GamingTally {
  private detector = new GamingDetector()
  /** Of the last four actions, newest first: whether they are counted already. */
  private marked: boolean[] = []
  /** How many actions back those lie that the last one made count as gaming: 0 is itself. */
  readonly gained: number[] = []
  readonly counts: GamingCounts = {
    actions: 0,
    gaming: 0,
    patterns: GAMING_PATTERNS.map(() => 0),
    open: GAMING_PATTERNS.map(() => 0),
  }

  /** What comes next has nothing to do with what was before. */
  session(): void {
    this.detector = new GamingDetector()
    this.marked = []
  }

  /** The patterns that the action completes, as bits. */
  add(a: TutorAction): number {
    const found = this.detector.next(a)
    this.counts.actions++
    this.gained.length = 0
    this.marked = [false, ...this.marked.slice(0, 3)]
    for (let p = 0; p < PATTERN_LENGTHS.length; p++) {
      if ((this.detector.open >> p) & 1) this.counts.open[p]!++
      if (((found >> p) & 1) === 0) continue
      this.counts.patterns[p]!++
      for (let i = 0; i < PATTERN_LENGTHS[p]!; i++) {
        if (this.marked[i]) continue
        this.marked[i] = true
        this.counts.gaming++
        this.gained.push(i)
      }
    }
    return found
  }
}
