import type { Evidence } from '@mastery/schemas/src/generated/delivery.gen.ts'

/** One thing that a message says of what an alert rests on. */
export type Told =
  | { say: 'rapid'; rapid: number }
  | { say: 'fall'; by: number }
  /** Of a class, in the mean over its members; negative: it rose. */
  | { say: 'class'; by: number; fell: number; members: number; mastery: number | null }
  | { say: 'practice'; answers: number }
  /** `line`: the threshold that was set; `entry`: mastery when it began, where that was another. */
  | { say: 'mastery'; mastery: number; line: number | null; entry: number | null }
  | { say: 'prerequisite'; topic: string | null; mastery: number }
  | { say: 'trend'; perWeek: number }
  | { say: 'recent'; correct: number; answers: number }
  /** `days`: from the first answer to the last, both counted; `last`: UTC milliseconds. */
  | { say: 'basis'; answers: number; sessions: number | null; days: number | null; last: number | null }
  | { say: 'idle'; days: number; last: number | null }
  | { say: 'other'; code: string; value: number | null; text: string | null }

/** Below this a trend is drawn through too few days to be told by the week. */
const TREND_DAYS = 7
/** What a reader would not notice: half a point of a percentage. */
const NOTICED = 0.005
/** Trends below it are called none. */
const TREND = 0.02

/** Evidence by its code. */
export class Facts {
  private readonly by: ReadonlyMap<string, Evidence>

  constructor(evidence: readonly Evidence[]) {
    this.by = new Map(evidence.map((e) => [e.code, e]))
  }

  has(code: string): boolean {
    return this.value(code) !== null
  }

  value(code: string): number | null {
    return this.by.get(code)?.value ?? null
  }

  text(code: string): string | null {
    return this.by.get(code)?.text ?? null
  }
}

/** Codes that are told together with others. */
const KNOWN = new Set([
  ...[
    'rapid_of_last_ten',
    'fall',
    'answers_without_mastery',
    'mastery',
    'threshold',
    'mastery_at_entry',
    'prerequisite',
  ],
  ...['class_fall', 'members_fell', 'members', 'class_mastery'],
  ...['trend_per_week', 'attempts', 'recent_correct', 'recent_answers', 'sessions', 'days', 'last_answer', 'idle_days'],
])

/** What is told of the evidence, the strongest first: a few sentences, each with what belongs together. */
export function storyOf(evidence: readonly Evidence[]): Told[] {
  const f = new Facts(evidence)
  const told: Told[] = []
  const last = positive(f.value('last_answer'))
  const idle = f.value('idle_days')
  if (idle !== null) told.push({ say: 'idle', days: idle, last })
  const rapid = f.value('rapid_of_last_ten')
  if (rapid !== null) told.push({ say: 'rapid', rapid })
  const fall = f.value('fall')
  if (fall !== null) told.push({ say: 'fall', by: fall })
  const [by, fell, members] = [f.value('class_fall'), f.value('members_fell'), f.value('members')]
  if (by !== null && fell !== null && members !== null)
    told.push({ say: 'class', by, fell, members, mastery: f.value('class_mastery') })
  const practice = f.value('answers_without_mastery')
  if (practice !== null) told.push({ say: 'practice', answers: practice })
  const mastery = f.value('mastery')
  if (mastery !== null) {
    const entry = f.value('mastery_at_entry')
    const moved = entry !== null && Math.abs(entry - mastery) >= NOTICED
    told.push({ say: 'mastery', mastery, line: f.value('threshold'), entry: moved ? entry : null })
  }
  const before = f.value('prerequisite')
  if (before !== null) told.push({ say: 'prerequisite', topic: f.text('prerequisite'), mastery: before })
  const trend = f.value('trend_per_week')
  const days = f.value('days')
  if (trend !== null && Math.abs(trend) >= TREND && (days === null || days >= TREND_DAYS))
    told.push({ say: 'trend', perWeek: trend })
  const [correct, answers] = [f.value('recent_correct'), f.value('recent_answers')]
  if (correct !== null && answers !== null && answers > 0) told.push({ say: 'recent', correct, answers })
  const all = f.value('attempts')
  if (all !== null) told.push({ say: 'basis', answers: all, sessions: f.value('sessions'), days, last })
  for (const e of evidence) if (!KNOWN.has(e.code)) told.push({ ...e, say: 'other' })
  return told
}

function positive(ms: number | null): number | null {
  return ms !== null && ms > 0 ? ms : null
}
