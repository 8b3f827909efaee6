/** What is compared among groups, per student: a share of answers unless its unit says otherwise. */
export interface Measure {
  id: string
  /** For people. */
  name: string
  unit: 'share' | 'seconds' | 'count' | 'logits'
  /** What it is, in one sentence. */
  about: string
}

export const MEASURES: readonly Measure[] = [
  { id: 'accuracy', name: 'right answers', unit: 'share', about: 'Share of answers that are right.' },
  { id: 'accuracy_first', name: 'right at the first try', unit: 'share', about: 'The same among first tries.' },
  { id: 'median_seconds', name: 'response time', unit: 'seconds', about: "The student's median." },
  { id: 'median_right', name: 'response time, right', unit: 'seconds', about: 'The median of right answers.' },
  { id: 'median_wrong', name: 'response time, wrong', unit: 'seconds', about: 'The median of wrong answers.' },
  { id: 'rapid', name: 'rapid guesses', unit: 'share', about: "Share of timed answers below their item's threshold." },
  {
    id: 'low_effort',
    name: 'students with low effort',
    unit: 'share',
    about: 'Fewer than 90 % of their timed answers took the threshold; of 20 timed answers or more.',
  },
  { id: 'hints', name: 'answers with hints', unit: 'share', about: 'Share of answers before which a hint was seen.' },
  {
    id: 'answer_requests',
    name: 'answers that were asked for',
    unit: 'share',
    about: 'Share of answers before which the answer itself was requested.',
  },
  { id: 'help', name: 'requests for help', unit: 'count', about: 'Requests to the tutor per ten answers.' },
  { id: 'retries', name: 'further tries', unit: 'share', about: 'Share of answers that are not the first try.' },
  {
    id: 'revisits',
    name: 'revisits',
    unit: 'share',
    about: 'Share of answers to items that the student had answered on an earlier day.',
  },
  { id: 'answers', name: 'answers', unit: 'count', about: 'Graded answers.' },
  { id: 'days', name: 'active days', unit: 'count', about: 'Days with an answer.' },
]

/** Mean over the group's students, with its standard error; null where no student has the measure. */
export interface GroupMean {
  mean: number | null
  se: number | null
}

export interface BehaviourGroup {
  name: string
  students: number
  /** Logits, least and greatest. */
  abilityFrom: number
  abilityTo: number
  measures: Readonly<Record<string, GroupMean>>
}

export interface BehaviourSlices {
  tenant: string
  /** Model whose abilities divide the students. */
  source: string
  /** Students with answers, and those of them with too few to be placed. */
  students: number
  left: number
  answers: number
  /** Event time of the first and the newest answer, as dates. */
  from: string
  to: string
  groups: readonly BehaviourGroup[]
}

/** Answers that a student needs to be placed. */
export const LEAST_ANSWERS_OF_STUDENT = 20
/** Differences beyond so many standard errors are pointed out: at five of a hundred measures by chance. */
const CLEAR = 1.96

function shown(unit: Measure['unit'], x: number | null): string {
  if (x === null) return '-'
  if (unit === 'share') return `${(100 * x).toFixed(1)} %`
  if (unit === 'seconds') return `${x.toFixed(1)} s`
  return x.toFixed(unit === 'count' ? 1 : 2)
}

function spread(unit: Measure['unit'], se: number | null): string {
  return se === null ? '' : ` ± ${shown(unit, CLEAR * se)}`
}

/** Difference of the groups' means with its standard error; null where either is not known. */
export function differenceOf(
  high: GroupMean | undefined,
  low: GroupMean | undefined,
): { value: number; se: number } | null {
  if (high?.mean == null || low?.mean == null || high.se === null || low.se === null) return null
  return { value: high.mean - low.mean, se: Math.sqrt(high.se * high.se + low.se * low.se) }
}

/** The report as Markdown. */
export function behaviourReport(s: BehaviourSlices): string {
  const n = (x: number) => x.toLocaleString('en')
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const first = s.groups[0]
  const last = s.groups.at(-1)
  const never = MEASURES.filter((m) => s.groups.every((g) => !g.measures[m.id]?.mean))
  const told = MEASURES.filter((m) => !never.includes(m))
  const lines = told.map((m) => {
    const cells = s.groups.map((g) => {
      const of = g.measures[m.id]
      return `${shown(m.unit, of?.mean ?? null)}${spread(m.unit, of?.se ?? null)}`
    })
    const d = differenceOf(last?.measures[m.id], first?.measures[m.id])
    const sign = d !== null && d.value > 0 ? '+' : ''
    const difference = d === null ? '-' : `${sign}${shown(m.unit, d.value)}${spread(m.unit, d.se)}`
    return row([m.name, ...cells, difference])
  })
  const clear = told.flatMap((m) => {
    const d = differenceOf(last?.measures[m.id], first?.measures[m.id])
    if (d === null || !(Math.abs(d.value) > CLEAR * d.se)) return []
    const at = (g: BehaviourGroup | undefined) => shown(m.unit, g!.measures[m.id]!.mean)
    return [`- ${m.name}: ${at(first)} among the least able third, ${at(last)} among the ablest.`]
  })
  return `# Behaviour by ability

${n(s.answers)} answers of ${n(s.students)} students, ${s.from} to ${s.to}. ${n(s.left)} students with fewer than ${LEAST_ANSWERS_OF_STUDENT} answers are left out; the others are divided into thirds by their ability, the mean over their topics of the present ability by ${s.source}, weighted by answers. Each figure is the mean over the students of a group, so that one who answers much counts no more than others, with half the width of its 95 % interval.

${row(['', ...s.groups.map((g) => g.name), 'high less low'])}
${row(['---', ...s.groups.map(() => '---:'), '---:'])}
${row(['students', ...s.groups.map((g) => n(g.students)), ''])}
${row(['ability, logits', ...s.groups.map((g) => `${g.abilityFrom.toFixed(2)} to ${g.abilityTo.toFixed(2)}`), ''])}
${lines.join('\n')}
${never.length === 0 ? '' : `\nNot recorded by these sources, or never seen: ${never.map((m) => m.name).join(', ')}.\n`}
## What differs clearly

${clear.length === 0 ? 'Nothing differs by more than chance allows.' : clear.join('\n')}

## How to read it

${told.map((m) => `- **${m.name}**: ${m.about}`).join('\n')}

Ability is estimated from the same answers: that abler students are right more often is no finding. Of twenty measures
without any difference, one is expected to look clear by chance. A difference says what goes together with ability, not
what comes of it. Rapid guesses need thresholds: \`npx mastery items health\` makes them.
`
}
