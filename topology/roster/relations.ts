/**
 * Who teaches whom and who is whose guardian, under pseudonyms: what stages and gold may know of a roster. Names and
 * addresses are not in it. One version is one immutable file of an artefact, named by a marker of subject `roster`.
 */
export interface Relations {
  tenant: string
  version: string
  schools: readonly School[]
  classes: readonly SchoolClass[]
  /** Enrolments of students and of those who teach. */
  members: readonly Member[]
  guardians: readonly Guardianship[]
  users: readonly RosterUser[]
  /** Pairs that must never be told of one another, whatever the roster says: custody and the like. */
  denied: readonly { student: string; user: string }[]
}

export interface School {
  /** sourcedId. */
  id: string
  /** IANA zone, such as Europe/Berlin; null: the policy's. */
  zone: string | null
}

export interface SchoolClass {
  /** sourcedId. */
  id: string
  school: string
  grades: readonly string[]
  /** Topics that are taught in it; empty: all. */
  topics: readonly string[]
}

/** From inclusive, until exclusive, UTC milliseconds; null: open. */
export interface Span {
  from: number | null
  until: number | null
}

export interface Member extends Span {
  class: string
  /** Pseudonym. */
  user: string
  role: 'student' | 'teacher' | 'aide'
  /** Of several teachers the one who answers for the class. */
  primary: boolean
}

export interface Guardianship {
  student: string
  guardian: string
  /** The guardian's role in the roster; it holds for the person, not for the pair. */
  role: 'parent' | 'guardian' | 'relative'
}

export interface RosterUser {
  pseudonym: string
  roles: readonly ({ role: RosterRole; school: string | null } & Span)[]
  /** BCP 47; null: the school's. */
  language: string | null
  /** False for users who are disabled or to be deleted: nobody is told of them, and they are told nothing. */
  enabled: boolean
}

export type RosterRole =
  | 'student'
  | 'teacher'
  | 'aide'
  | 'parent'
  | 'guardian'
  | 'relative'
  | 'counselor'
  | 'principal'
  | 'administrator'

/** Somebody who is to learn of a student, and as what. */
export interface Recipient {
  /** Pseudonym. */
  user: string
  role: 'teacher' | 'guardian' | 'student' | 'counselor' | 'operator' | 'content_owner'
  /** School whose zone and quiet hours hold; null where the roster names none. */
  school: string | null
  /** Class by which a teacher knows the student; null for others. */
  class: string | null
  primary: boolean
}
