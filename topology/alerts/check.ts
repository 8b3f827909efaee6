import { peopleOf, watchRuleOf } from './check-watch.ts'
import type { Field } from './field.ts'
import { BREAK_FIELDS, FILE_FIELDS, fieldsOf, OVERRIDE_FIELDS } from './fields.ts'
import { checkNotifications } from './notification-policy.ts'
import { type AlertPolicy, type AlertRule, KINDS, type Override, type RuleKind } from './policy.ts'
import { type Given, isGroup, nearest, type Path, type Problem, readFields } from './read-fields.ts'
import { WATCH_KINDS, type WatchKind, type WatchRule } from './watch-rule.ts'

const NEVER_LATE = Number.MAX_SAFE_INTEGER

/** A class is looked at once a week, and its teachers are told, also when it is over. */
const OF_CLASS = {
  to: ['teacher'],
  relatives: false,
  for: 0,
  cooldown: 0,
  acknowledged: 0,
  escalate: null,
  tellResolved: true,
}

/** From the names in files to those in code. */
function ruleOf(kind: RuleKind, f: Record<string, unknown>): AlertRule {
  const rule: Record<string, unknown> = {
    topics: null,
    evidence: { attempts: 0, sessions: 0, time: 0 },
    hold: 0,
    noData: null,
    maxLateness: NEVER_LATE,
    leave: 0,
    urgent: null,
    window: 0,
    prerequisite: { below: 0, attempts: 0 },
    members: { least: 0, answers: 0, fell: 0, share: 0 },
    ...(kind === 'class_drop' ? OF_CLASS : {}),
    ...renamed(kind, f),
  }
  return rule as unknown as AlertRule
}

function renamed(kind: RuleKind, f: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { no_data, max_lateness, tell_resolved, answers, after, ...same } = f
  const rule: Record<string, unknown> = { ...same }
  if (no_data !== undefined) rule['noData'] = no_data
  if (max_lateness !== undefined) rule['maxLateness'] = max_lateness
  if (tell_resolved !== undefined) rule['tellResolved'] = tell_resolved
  if (kind === 'stalled' && answers !== undefined) rule['enter'] = answers
  if (kind === 'inactive' && after !== undefined) rule['enter'] = after
  return rule
}

/** What fields say of one another. */
function checkRule(rule: Partial<AlertRule> & { kind: RuleKind }, path: Path, problems: Problem[]): void {
  const { kind, enter, leave, urgent, severity } = rule
  const say = (field: string, message: string) => problems.push({ path: [...path, field], message })
  if (enter !== undefined && leave !== undefined) {
    if ((kind === 'mastery_below' || kind === 'prerequisite_gap') && leave <= enter)
      say('leave', `is ${leave}; right would be more than ${enter}, at which it begins`)
    if (
      (kind === 'mastery_above' || kind === 'falling' || kind === 'rapid_guessing' || kind === 'class_drop') &&
      leave >= enter
    )
      say('leave', `is ${leave}; right would be less than ${enter}, at which it begins`)
  }
  if (enter !== undefined && urgent != null) {
    const beyond = kind === 'mastery_below' || kind === 'prerequisite_gap' ? urgent < enter : urgent > enter
    if (!beyond)
      say('urgent', 'does not lie beyond where it begins, so that all would be urgent; give severity: urgent')
    if (severity === 'urgent') say('urgent', 'has no meaning where severity is urgent already; leave one of them out')
  }
  if (rule.noData != null && rule.evidence && rule.noData <= rule.evidence.time)
    say('no_data', 'ends before there can be the evidence that is asked for; give more time')
}

const EVERY_KIND: readonly string[] = [...KINDS, ...WATCH_KINDS]
const isWatch = (kind: string): kind is WatchKind => (WATCH_KINDS as readonly string[]).includes(kind)

function kindOf(v: unknown, path: Path, problems: Problem[]): RuleKind | WatchKind | null {
  if (EVERY_KIND.includes(v as string)) return v as RuleKind | WatchKind
  const meant = typeof v === 'string' ? nearest(v, EVERY_KIND) : null
  problems.push({
    path,
    message: `is ${v === undefined ? 'missing' : JSON.stringify(v)}; right would be ${meant === null ? `one of ${EVERY_KIND.join(', ')}` : `"${meant}"`}`,
  })
  return null
}

function list(file: Given, name: string, problems: Problem[]): readonly unknown[] {
  const v = file[name] ?? []
  if (Array.isArray(v)) return v
  problems.push({ path: [name], message: 'must be a list' })
  return []
}

function rulesOf(file: Given, problems: Problem[]): { rules: AlertRule[]; watches: WatchRule[] } {
  const ids = new Set<string>()
  const rules: AlertRule[] = []
  const watches: WatchRule[] = []
  list(file, 'rules', problems).forEach((v, i) => {
    const path = ['rules', i]
    if (!isGroup(v)) {
      problems.push({ path, message: 'must be a rule: id, kind and its fields' })
      return
    }
    const kind = kindOf(v['kind'], [...path, 'kind'], problems)
    if (kind === null) return
    let id: string
    if (isWatch(kind)) {
      const rule = watchRuleOf(kind, v, path, problems)
      watches.push(rule)
      id = rule.id
    } else {
      const rule = ruleOf(kind, readFields(fieldsOf(kind), v, path, problems))
      checkRule(rule, path, problems)
      rules.push(rule)
      id = rule.id
    }
    if (ids.has(id)) problems.push({ path: [...path, 'id'], message: `is "${id}" a second time` })
    ids.add(id)
  })
  if (file['rules'] === undefined) problems.push({ path: [], message: 'lacks "rules": a list of rules' })
  return { rules, watches }
}

const ENTERED: Readonly<Record<string, string>> = { stalled: 'answers', inactive: 'after' }
const overridable = (kind: RuleKind): Field[] => fieldsOf(kind).filter((f) => f.name !== 'id' && f.name !== 'kind')

function overridesOf(
  file: Given,
  { rules, watches }: { rules: readonly AlertRule[]; watches: readonly WatchRule[] },
  problems: Problem[],
): Override[] {
  return list(file, 'overrides', problems).flatMap((v, i): Override[] => {
    const path = ['overrides', i]
    if (!isGroup(v)) {
      problems.push({ path, message: 'must have schools or grades, and rules' })
      return []
    }
    const { rules: changed, ...where } = v
    const { schools, grades } = readFields(OVERRIDE_FIELDS, where, path, problems)
    if (schools == null && grades == null)
      problems.push({ path, message: 'names neither schools nor grades; change the rules themselves' })
    if (!isGroup(changed)) {
      problems.push({ path: [...path, 'rules'], message: 'must have, by rule id, what is different' })
      return []
    }
    const found: Record<string, Partial<AlertRule>> = {}
    for (const [id, fields] of Object.entries(changed)) {
      const at = [...path, 'rules', id]
      const rule = rules.find((r) => r.id === id)
      if (watches.some((w) => w.id === id))
        problems.push({ path: at, message: 'is about the system itself, which no school or grade has differently' })
      else if (!rule)
        problems.push({
          path: at,
          message: `is no rule of this file; there are ${[...new Set(rules.flatMap((r) => r.id ?? []))].join(', ')}`,
        })
      else if (!isGroup(fields)) problems.push({ path: at, message: 'must have the fields that are different' })
      else {
        const part = renamed(rule.kind, readFields(overridable(rule.kind), fields, at, problems, true))
        // A group that is given in part keeps the rest of the rule's.
        for (const group of ['evidence', 'prerequisite', 'members'] as const)
          if (part[group]) part[group] = { ...rule[group], ...(part[group] as object) }
        if (part['escalate']) part['escalate'] = { ...rule.escalate, ...(part['escalate'] as object) }
        found[id] = part as Partial<AlertRule>
        checkRule({ ...rule, ...found[id] }, at, problems)
      }
    }
    return [{ schools: schools as string[] | null, grades: grades as string[] | null, rules: found }]
  })
}

/** The name in files of the field that says where a rule of this kind begins. */
export const enterField = (kind: RuleKind): string => ENTERED[kind] ?? 'enter'

/**
 * Checks a rules file as a whole. `file`: what the YAML says. `prerequisites`: by topic, from the topic graph.
 * The policy is whole where there
 * are no problems; notes keep nobody from using it.
 */
export function checkPolicy(
  file: unknown,
  prerequisites: Readonly<Record<string, readonly string[]>> = {},
): { policy: AlertPolicy; problems: Problem[]; notes: Problem[] } {
  const problems: Problem[] = []
  const notes: Problem[] = []
  const whole = isGroup(file) ? file : {}
  if (!isGroup(file)) problems.push({ path: [], message: 'must have version, rules and, if wanted, overrides' })
  const { rules: _r, overrides: _o, breaks: _b, notifications, people, ...around } = whole
  const head = readFields(FILE_FIELDS, around, [], problems)
  const breaks = list(whole, 'breaks', problems).map((v, i) => {
    const path = ['breaks', i]
    const b = readFields(BREAK_FIELDS, isGroup(v) ? v : {}, path, problems) as { from: number; until: number }
    if (b.until <= b.from) problems.push({ path: [...path, 'until'], message: 'is not after its first day' })
    return b
  })
  const both = rulesOf(whole, problems)
  const { rules } = both
  for (const r of rules)
    if (r.kind === 'prerequisite_gap' && r.enabled && Object.keys(prerequisites).length === 0)
      notes.push({
        path: ['rules', list(whole, 'rules', []).findIndex((x) => isGroup(x) && x['id'] === r.id)],
        message:
          'never fires without a topic graph with prerequisites; "npx mastery curriculum set --file FILE" sets one',
      })
  problems.push(...checkNotifications(notifications).problems)
  const policy: AlertPolicy = {
    mastered: head['mastered'] as number,
    sessionGap: head['session_gap'] as number,
    breaks: breaks.sort((a, b) => a.from - b.from),
    ...both,
    people: peopleOf(people, problems),
    overrides: overridesOf(whole, both, problems),
    prerequisites,
    ...(notifications == null ? {} : { notifications }),
  }
  return { policy, problems, notes }
}
