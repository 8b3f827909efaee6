/** Where the answers of a quiz come from: one player numbers attempts, the other does not. */
export type QuizPlayer = 'numbered' | 'unnumbered'

/** A system that reports events, by the names that it goes by on the wire. */
export interface Source {
  system: string
  dialect: string
  /** Dialect of the player's own reports. */
  browser: string
  /** Whether it gives attempt numbers, and with them opportunity keys. */
  numbered: boolean
}
export const SOURCES = {
  numbered: { system: 'quizdeck', dialect: 'xapi-server', browser: 'xapi-browser', numbered: true },
  unnumbered: { system: 'formbox', dialect: 'caliper-server', browser: 'caliper-browser', numbered: false },
  practice: { system: 'practicepad', dialect: 'xapi-server', browser: 'xapi-browser', numbered: true },
  assignment: { system: 'courseroom', dialect: 'caliper-grade', browser: 'caliper-browser', numbered: true },
  video: { system: 'lectern', dialect: 'caliper-media', browser: 'caliper-media', numbered: false },
  tutor: { system: 'sage', dialect: 'json', browser: 'json', numbered: false },
  feedback: { system: 'gradebook', dialect: 'csv', browser: 'csv', numbered: false },
} satisfies Record<string, Source>
/** Below this a response is a rapid guess: an earnest answer takes longer. Milliseconds. */
export const RAPID_BELOW = 2000
