import type { StudentCommand } from '@mastery/schemas/src/generated/student-command.gen.ts'

const PREFIX = 'class/'

/**
 * Whom a command about a class names as its student: it travels in the log as if the class were one, under this key. No
 * pseudonym looks like it.
 */
export const classSubject = (tenant: string, klass: string): string => `${PREFIX}${tenant}/${klass}`

/** The class that a command is about; null: it is about a student. */
export function classOf({ student, tenant }: Pick<StudentCommand, 'student' | 'tenant'>): string | null {
  const begin = `${PREFIX}${tenant}/`
  return student.startsWith(begin) ? student.slice(begin.length) : null
}

/** Whether a record is a command about one student. */
export const isAboutStudent = (r: { subject: string; value: unknown }): boolean =>
  r.subject === 'student-command' && classOf(r.value as StudentCommand) === null
