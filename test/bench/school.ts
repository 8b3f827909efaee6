import type { LearningEvent } from '@mastery/schemas/src/generated/learning-event.gen.ts'
import { hash128 } from '@mastery/topology/events/hash.ts'
import { type SchoolRecord, simulateSchool } from '@mastery/topology/school/school.ts'

/** Students and events of a simulated school. */
export interface Shape {
  students: number
  events: number
}

/** The demo's own shape; many students with few events; few students with full rings. */
export const SHAPES = {
  demo: { students: 200, events: 200_000 },
  wide: { students: 2000, events: 200_000 },
  deep: { students: 20, events: 20_000 },
} as const satisfies Record<string, Shape>

/** A tenth of the students, each as busy as before. */
export function sized(shape: Shape, quick: boolean): Shape {
  return quick ? { students: Math.ceil(shape.students / 10), events: Math.ceil(shape.events / 10) } : shape
}

export function schoolRecords(shape: Shape, tenant = 'school'): Generator<SchoolRecord> {
  return simulateSchool({ seed: 7, ...shape, tenant, pseudonym: (id) => hash128('bench', id) }).records()
}

/** Graded answers with most of their optional fields, as a practice tool sends them. */
export function typicalAnswers(count: number): LearningEvent[] {
  const found: LearningEvent[] = []
  for (const r of schoolRecords({ students: 50, events: count * 4 })) {
    if (r.type === 'event' && r.event.kind === 'practice_attempt' && r.event.role === 'evidence') found.push(r.event)
    if (found.length === count) return found
  }
  return found
}
