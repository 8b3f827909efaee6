import type { ClassPart } from '@mastery/schemas/src/generated/class-part.gen.ts'
import { endOf, micro } from '../../classes/movement.ts'
import type { Origin, StageOutput } from '../../stage.ts'
import type { TopicName } from '../../topics.ts'
import type { TenantRules } from './in-force.ts'
import type { AlertState } from './state.ts'

/** What one record closes of the weeks of classes: by class, topic, rule and week. */
export type Parts = Map<string, Omit<ClassPart, 'origin_partition' | 'origin_offset' | 'ordinal' | 'generation'>>

/** Key of what concerns a class: two organisations may call a class the same. */
export const classKey = (tenant: string, klass: string): string => `${tenant}/${klass}`

/** Adds what the student did in weeks that are over to those of the classes that were the student's at their end. */
export function closeWeeks(s: AlertState, student: string, rules: TenantRules, now: number, parts: Parts): void {
  for (const t of s.topics) {
    const m = t.moved
    if (m === null || endOf(m) > now) continue
    t.moved = null
    for (const c of rules.roster?.classesOf(student, t.name, endOf(m) - 1) ?? [])
      for (const rule of rules.book.rulesOf([c])) {
        if (rule.kind !== 'class_drop' || !rule.enabled || m.answers < rule.members.answers) continue
        if (rule.topics !== null && !rule.topics.includes(t.name)) continue
        const key = JSON.stringify([s.tenant, c.id, t.name, rule.id, endOf(m)])
        let p = parts.get(key)
        if (p === undefined) {
          const of = { tenant: s.tenant, class: c.id, topic: t.name, rule: rule.id, week_to: endOf(m) }
          parts.set(key, (p = { ...of, members: 0, fell: 0, change_micro: 0, mastery_micro: 0 }))
        }
        p.members++
        if (-m.change >= micro(rule.members.fell)) p.fell++
        p.change_micro += m.change
        p.mastery_micro += micro(t.mastery)
      }
  }
}

/** The parts as outputs of the record. */
export function partOutputs(parts: Parts, from: Origin, generation: number, topic: TopicName): StageOutput[] {
  return [...parts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, part], ordinal) => {
      const place = { origin_partition: from.partition, origin_offset: from.offset, ordinal, generation }
      const value: ClassPart = { ...place, ...part }
      return { topic, byKey: true, subject: 'class-part', key: classKey(part.tenant, part.class), value }
    })
}
