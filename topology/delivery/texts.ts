import type { Language } from './names.ts'

/** The words around the notices of a message. */
export interface Texts {
  subject: {
    urgent: string
    /** `n`: students or classes. */
    group(n: number): string
    digest(n: number): string
    /** Of nothing but the system itself. */
    system(n: number): string
  }
  greeting(name: string | null): string
  intro: { urgent: string; group: string; digest: string }
  /** Headings of what is on the system itself. */
  system: { items: string; parts: string }
  /** Heading of what belongs to no class. */
  elsewhere: string
  wholeClass: string
  next: string
  look: string
  more(n: number): string
  muted(n: number): string
  inbox: string
  why: string
  unsubscribe: string
}

const s = (n: number, one: string, more: string) => `${n} ${n === 1 ? one : more}`

export const TEXTS: Readonly<Record<Language, Texts>> = {
  en: {
    // Mail servers keep subjects in their logs: they name nobody.
    subject: {
      urgent: 'Please look now: an urgent notice',
      group: (n) => `${s(n, 'new notice', 'new notices')} on your students`,
      digest: (n) => `Today: ${s(n, 'notice', 'notices')} on learning`,
      system: (n) => `${s(n, 'notice', 'notices')} on items, data or services`,
    },
    greeting: (name) => (name === null ? 'Hello,' : `Hello ${name},`),
    intro: {
      urgent: 'this could not wait for the daily summary:',
      group: 'this has just come up:',
      digest: 'this is the summary of the day:',
    },
    system: { items: 'Items', parts: 'The system' },
    elsewhere: 'In general',
    wholeClass: 'The whole class',
    next: 'What one could do:',
    look: 'More about it:',
    more: (n) => `${s(n, 'further notice is', 'further notices are')} in the inbox.`,
    muted: (n) =>
      `${s(n, 'notice', 'notices')} for which another one stands ${n === 1 ? 'is' : 'are'} in the inbox only.`,
    inbox: 'Inbox:',
    why: 'You get this message because of your role at the school.',
    unsubscribe: 'No more mails:',
  },
  de: {
    subject: {
      urgent: 'Bitte gleich ansehen: eine dringende Meldung',
      group: (n) => `${s(n, 'neue Meldung', 'neue Meldungen')} zum Lernen`,
      digest: (n) => `Heute: ${s(n, 'Meldung', 'Meldungen')} zum Lernen`,
      system: (n) => `${s(n, 'Meldung', 'Meldungen')} zu Aufgaben, Daten oder Diensten`,
    },
    greeting: (name) => (name === null ? 'Guten Tag,' : `Guten Tag ${name},`),
    intro: {
      urgent: 'das konnte nicht bis zur täglichen Zusammenfassung warten:',
      group: 'das hat sich gerade ergeben:',
      digest: 'das ist die Zusammenfassung des Tages:',
    },
    system: { items: 'Aufgaben', parts: 'Das System' },
    elsewhere: 'Allgemein',
    wholeClass: 'Die ganze Klasse',
    next: 'Was man tun könnte:',
    look: 'Mehr dazu:',
    more: (n) => `${s(n, 'weitere Meldung steht', 'weitere Meldungen stehen')} im Postfach.`,
    muted: (n) =>
      `${s(n, 'Meldung, für die eine andere steht, ist', 'Meldungen, für die eine andere steht, sind')} nur im Postfach.`,
    inbox: 'Postfach:',
    why: 'Diese Nachricht kommt wegen Ihrer Rolle an der Schule.',
    unsubscribe: 'Keine E-Mails mehr:',
  },
}
