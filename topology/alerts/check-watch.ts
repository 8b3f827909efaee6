import { type Given, isGroup, type Path, type Problem, readFields } from './read-fields.ts'
import { OWNER_FIELDS, PEOPLE_FIELDS, WATCH_FIELDS } from './watch-fields.ts'
import {
  type ContentOwners,
  MEASURES,
  NOBODY_NAMED,
  type People,
  type WatchKind,
  type WatchRule,
} from './watch-rule.ts'

type Read = Readonly<Record<string, unknown>>

/** Fields that say what a rule of a kind is about, and what a measure does without. */
const ONLY: Readonly<Record<WatchKind, string>> = {
  pipeline: 'parts',
  data_quality: 'sources',
  model_drift: 'models',
  item_health: 'topics',
  item_drift: 'topics',
}

/** Shares need a few: with fewer operations one failure would be too many. */
const LEAST_REJECTED = 200

/** A rule about the system itself as a file says it, with everything that is wrong about it. */
export function watchRuleOf(kind: WatchKind, v: Given, path: Path, problems: Problem[]): WatchRule {
  const f = readFields(WATCH_FIELDS[kind].fields, v, path, problems)
  const measure = (f['measure'] ?? null) as WatchRule['measure']
  const drift = measure === 'drift'
  const limits = measure === null || drift ? null : MEASURES[measure]
  const enter = (f['enter'] as number | null | undefined) ?? limits?.enter ?? (f['least'] as number | null) ?? 1
  const usualLeave = limits === null ? 0 : Math.min(limits.leave, (limits.leave / limits.enter) * enter)
  const rule: WatchRule = {
    id: f['id'] as string,
    kind,
    enabled: f['enabled'] as boolean,
    severity: f['severity'] as WatchRule['severity'],
    to: f['to'] as WatchRule['to'],
    measure,
    enter,
    leave: (f['leave'] as number | null | undefined) ?? usualLeave,
    only: (f[drift ? 'series' : ONLY[kind]] ?? null) as string[] | null,
    findings: (f['findings'] ?? null) as string[] | null,
    window: (f['window'] as number | undefined) ?? 0,
    least: (f['least'] as number | null | undefined) ?? (measure === 'rejected' ? LEAST_REJECTED : 1),
    for: f['for'] as number,
    hold: f['hold'] as number,
    cooldown: f['cooldown'] as number,
    noData: f['no_data'] as number,
    // As long as it goes on it stands for others: its end has to be told.
    tellResolved: kind === 'data_quality' ? true : (f['tell_resolved'] as boolean),
  }
  checkMeasured(rule, v, limits, path, problems)
  return rule
}

function checkMeasured(
  rule: WatchRule,
  given: Given,
  limits: { most: number } | null,
  path: Path,
  problems: Problem[],
): void {
  const say = (field: string, message: string) => problems.push({ path: [...path, field], message })
  const { measure, enter, leave } = rule
  if (limits !== null) {
    if (enter > limits.most)
      say('enter', `is ${enter}; right would be a number from 0 to ${limits.most} for ${measure}`)
    else if (enter === 0) say('enter', 'is 0, at which it would always hold')
    else if (leave >= enter) say('leave', `is ${leave}; right would be less than ${enter}, at which it begins`)
  }
  if (measure === 'drift')
    for (const field of ['enter', 'leave', 'window', 'sources'])
      if (given[field] != null) say(field, 'has no meaning for drift, which is found by the verdicts on drift')
  if (measure === 'rejected')
    for (const field of ['series', 'findings'])
      if (given[field] != null) say(field, 'has no meaning for rejected events; measure: drift looks at series')
}

/** The section `people`: who is told of what nobody teaches. */
export function peopleOf(section: unknown, problems: Problem[]): People {
  const path = ['people']
  if (section == null) return NOBODY_NAMED
  if (!isGroup(section)) {
    problems.push({ path, message: 'must have operators, content_owners or both' })
    return NOBODY_NAMED
  }
  const { content_owners: owners, ...rest } = section
  const { operators } = readFields(PEOPLE_FIELDS, rest, path, problems) as Read & { operators: string[] | null }
  const at = [...path, 'content_owners']
  if (owners != null && !Array.isArray(owners))
    problems.push({ path: at, message: 'must be a list of users and topics' })
  const contentOwners = (Array.isArray(owners) ? owners : []).flatMap((o: unknown, i): ContentOwners[] => {
    if (isGroup(o)) return [readFields(OWNER_FIELDS, o, [...at, i], problems) as unknown as ContentOwners]
    problems.push({ path: [...at, i], message: 'must have users and, if wanted, topics' })
    return []
  })
  return { operators, contentOwners }
}
