import type { Roster } from '../roster/recipients.ts'
import type { SchoolClass } from '../roster/relations.ts'
import type { AlertPolicy, AlertRule } from './policy.ts'

/** The rules as they hold for students of some schools and grades, looked up by what they differ in. */
export class RuleBook {
  readonly policy: AlertPolicy
  private readonly variants = new Map<string, readonly AlertRule[]>()

  constructor(policy: AlertPolicy) {
    this.policy = policy
  }

  /** The rules for a student at a time, UTC milliseconds. Without a roster, or where nobody has anything differently, those of the file. */
  rulesFor(student: string, at: number, roster: Roster | null): readonly AlertRule[] {
    if (this.policy.overrides.length === 0 || roster === null) return this.policy.rules
    return this.rulesOf(roster.classesOf(student, null, at))
  }

  /** The rules for whoever is in these classes; without overrides that fit, those of the file. */
  rulesOf(classes: readonly Pick<SchoolClass, 'school' | 'grades'>[]): readonly AlertRule[] {
    const { overrides, rules } = this.policy
    let fitting = ''
    overrides.forEach((o, i) => {
      const fits = classes.some(
        (c) =>
          (o.schools === null || o.schools.includes(c.school)) &&
          (o.grades === null || c.grades.some((g) => o.grades!.includes(g))),
      )
      if (fits) fitting += `${i},`
    })
    if (fitting === '') return rules
    let found = this.variants.get(fitting)
    if (!found) {
      const parts = fitting
        .split(',')
        .slice(0, -1)
        .map((i) => overrides[Number(i)]!)
      found = rules.map((r) => Object.assign({}, r, ...parts.map((o) => o.rules[r.id])) as AlertRule)
      this.variants.set(fitting, found)
    }
    return found
  }
}
