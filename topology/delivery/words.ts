import type { DeliveryItem, Evidence } from '@mastery/schemas/src/generated/delivery.gen.ts'
import type { Language, Names } from './names.ts'

/** What a message says of one notice; sentences without a full stop at their end are none of ours. */
export interface ItemWords {
  /** What happened, with the topic, without the student. */
  headline: string
  /** The evidence, a sentence each, strongest first. */
  evidence: string[]
  /** What one could do next; null where nothing is to be done. */
  next: string | null
}

export type WordsOf = (item: DeliveryItem, language: Language, names: Names) => ItemWords

interface Phrases {
  headline(item: DeliveryItem, topic: string | null, facts: Facts): string
  next(item: DeliveryItem, facts: Facts): string | null
  /** A fact by its code; null: it has no words here. */
  fact(e: Evidence, facts: Facts, topic: (id: string) => string): string | null
  members(n: number): string
}

/** Values of the evidence, by code. */
type Facts = ReadonlyMap<string, number>

const percent = (x: number) => `${Math.round(x * 100)} %`
const date = (ms: number, locale: string) =>
  new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long', timeZone: 'UTC' }).format(ms)
const many = (n: number, one: string, more: string) => `${n} ${n === 1 ? one : more}`

const ENGLISH: Phrases = {
  headline(item, topic, facts) {
    const on = topic === null ? '' : ` on ${topic}`
    if (item.scope === 'pipeline')
      return item.kind === 'resolved'
        ? 'The data is in order again.'
        : 'The data is not in order; what follows from it may be wrong.'
    if (item.scope === 'item')
      return item.kind === 'resolved' ? 'An item works again.' : 'An item does not work as it should.'
    if (item.scope === 'model')
      return item.kind === 'resolved' ? 'A model works as before.' : 'A model does not work as it did.'
    if (item.scope === 'class')
      return item.kind === 'resolved' ? `The class has recovered${on}.` : `The whole class has fallen back${on}.`
    if (item.kind === 'resolved') return `It is better again${on}.`
    if (facts.has('idle_days')) return 'There has been no work for a while.'
    if (facts.has('answers_without_mastery')) return `Much practice has not led to mastery${on}.`
    if (facts.has('fall')) return `Mastery is falling${on}.`
    if (facts.has('prerequisite')) return `Something that comes before is missing${on}.`
    const { mastery, threshold } = { mastery: facts.get('mastery'), threshold: facts.get('threshold') }
    if (mastery !== undefined && threshold !== undefined && mastery > threshold) return `Mastery has been reached${on}.`
    return item.kind === 'escalated' ? `It has become more pressing${on}.` : `Help is needed${on}.`
  },
  next(item, facts) {
    if (item.kind === 'resolved') return null
    if (item.scope === 'class') return 'Take the topic up again with the class, beginning with what most got wrong.'
    if (item.scope !== 'student') return 'Look at the evidence, and at what changed shortly before.'
    if (facts.has('idle_days')) return 'Ask how things are, and agree on a small first task.'
    if (facts.has('prerequisite')) return 'Practise what comes before first.'
    const { mastery, threshold } = { mastery: facts.get('mastery'), threshold: facts.get('threshold') }
    if (mastery !== undefined && threshold !== undefined && mastery > threshold) return 'Go on to the next topic.'
    return 'Go through one or two of the last answers together.'
  },
  fact(e, facts, topic) {
    const v = e.value
    if (v === null) return e.text
    switch (e.code) {
      case 'mastery':
        return `Estimated mastery is ${percent(v)}.`
      case 'threshold':
        return `The line that was set is ${percent(v)}.`
      case 'mastery_at_entry':
        return `It was ${percent(v)} when this began.`
      case 'fall':
        return `It fell by ${percent(v)}.`
      case 'trend_per_week':
        return v === 0 ? null : `It ${v < 0 ? 'falls' : 'rises'} by ${percent(Math.abs(v))} a week.`
      case 'prerequisite':
        return `Mastery of ${e.text === null ? 'what comes before' : topic(e.text)} is ${percent(v)}.`
      case 'attempts':
        return `It rests on ${many(v, 'answer', 'answers')}.`
      case 'answers_without_mastery':
        return `There were ${many(v, 'answer', 'answers')} without mastery.`
      case 'recent_correct':
        return `${v} of the last ${facts.get('recent_answers') ?? v} answers were right.`
      case 'recent_answers':
        return facts.has('recent_correct') ? null : `There were ${many(v, 'answer', 'answers')} lately.`
      case 'sessions':
        return `They came in ${many(v, 'session', 'sessions')}.`
      case 'days':
        return `They span ${many(v, 'day', 'days')}.`
      case 'idle_days':
        return `The last ${many(v, 'day', 'days')} went without an answer.`
      case 'last_answer':
        return v > 0 ? `The last answer was on ${date(v, 'en-GB')}.` : null
      default:
        return `${e.code.replaceAll('_', ' ')}${e.text === null ? '' : ` (${e.text})`}: ${Number(v.toPrecision(3))}.`
    }
  },
  members: (n) => `It stands for notices on ${many(n, 'student', 'students')} of the class.`,
}

const GERMAN: Phrases = {
  headline(item, topic, facts) {
    const on = topic === null ? '' : ` bei ${topic}`
    if (item.scope === 'pipeline')
      return item.kind === 'resolved'
        ? 'Die Daten stimmen wieder.'
        : 'Die Daten stimmen nicht; was aus ihnen folgt, kann falsch sein.'
    if (item.scope === 'item')
      return item.kind === 'resolved'
        ? 'Eine Aufgabe tut wieder, was sie soll.'
        : 'Eine Aufgabe tut nicht, was sie soll.'
    if (item.scope === 'model')
      return item.kind === 'resolved'
        ? 'Ein Modell rechnet wieder wie zuvor.'
        : 'Ein Modell rechnet nicht mehr wie zuvor.'
    if (item.scope === 'class')
      return item.kind === 'resolved' ? `Die Klasse hat aufgeholt${on}.` : `Die ganze Klasse ist zurückgefallen${on}.`
    if (item.kind === 'resolved') return `Es geht wieder besser${on}.`
    if (facts.has('idle_days')) return 'Seit einiger Zeit wurde nicht gearbeitet.'
    if (facts.has('answers_without_mastery')) return `Viel Übung hat noch nicht geholfen${on}.`
    if (facts.has('fall')) return `Das Können nimmt ab${on}.`
    if (facts.has('prerequisite')) return `Eine Voraussetzung fehlt${on}.`
    const { mastery, threshold } = { mastery: facts.get('mastery'), threshold: facts.get('threshold') }
    if (mastery !== undefined && threshold !== undefined && mastery > threshold) return `Das Ziel ist erreicht${on}.`
    return item.kind === 'escalated' ? `Es ist dringender geworden${on}.` : `Hilfe ist nötig${on}.`
  },
  next(item, facts) {
    if (item.kind === 'resolved') return null
    if (item.scope === 'class')
      return 'Das Thema mit der Klasse noch einmal aufgreifen, zuerst, was die meisten falsch hatten.'
    if (item.scope !== 'student') return 'Die Angaben ansehen, und was sich kurz zuvor geändert hat.'
    if (facts.has('idle_days')) return 'Fragen, wie es geht, und eine kleine erste Aufgabe vereinbaren.'
    if (facts.has('prerequisite')) return 'Zuerst die Voraussetzung üben.'
    const { mastery, threshold } = { mastery: facts.get('mastery'), threshold: facts.get('threshold') }
    if (mastery !== undefined && threshold !== undefined && mastery > threshold) return 'Zum nächsten Thema übergehen.'
    return 'Eine oder zwei der letzten Antworten gemeinsam durchgehen.'
  },
  fact(e, facts, topic) {
    const v = e.value
    if (v === null) return e.text
    switch (e.code) {
      case 'mastery':
        return `Das geschätzte Können liegt bei ${percent(v)}.`
      case 'threshold':
        return `Die gesetzte Grenze liegt bei ${percent(v)}.`
      case 'mastery_at_entry':
        return `Zu Beginn lag es bei ${percent(v)}.`
      case 'fall':
        return `Es ist um ${percent(v)} gesunken.`
      case 'trend_per_week':
        return v === 0 ? null : `Es ${v < 0 ? 'sinkt' : 'steigt'} um ${percent(Math.abs(v))} in der Woche.`
      case 'prerequisite':
        return `Bei ${e.text === null ? 'der Voraussetzung' : topic(e.text)} liegt das Können bei ${percent(v)}.`
      case 'attempts':
        return `Es beruht auf ${many(v, 'Antwort', 'Antworten')}.`
      case 'answers_without_mastery':
        return `Es waren ${many(v, 'Antwort', 'Antworten')}, ohne dass das Ziel erreicht ist.`
      case 'recent_correct':
        return `${v} der letzten ${facts.get('recent_answers') ?? v} Antworten waren richtig.`
      case 'recent_answers':
        return facts.has('recent_correct') ? null : `Zuletzt kamen ${many(v, 'Antwort', 'Antworten')}.`
      case 'sessions':
        return `Sie kamen in ${many(v, 'Sitzung', 'Sitzungen')}.`
      case 'days':
        return `Sie liegen in einem Zeitraum von ${many(v, 'Tag', 'Tagen')}.`
      case 'idle_days':
        return `Seit ${many(v, 'Tag', 'Tagen')} kam keine Antwort.`
      case 'last_answer':
        return v > 0 ? `Die letzte Antwort kam am ${date(v, 'de-DE')}.` : null
      default:
        return `${e.code.replaceAll('_', ' ')}${e.text === null ? '' : ` (${e.text})`}: ${Number(v.toPrecision(3))}.`
    }
  },
  members: (n) => `Sie steht für Meldungen zu ${many(n, 'Person', 'Personen')} der Klasse.`,
}

const PHRASES: Readonly<Record<Language, Phrases>> = { en: ENGLISH, de: GERMAN }

/** Words by what the evidence holds, for rules of any kind. */
export const plainWords: WordsOf = (item, language, names) => {
  const p = PHRASES[language]
  const facts: Facts = new Map(item.evidence.flatMap((e) => (e.value === null ? [] : [[e.code, e.value]])))
  const evidence = item.evidence.flatMap((e) => p.fact(e, facts, names.topic) ?? [])
  return {
    headline: p.headline(item, item.topic === null ? null : names.topic(item.topic), facts),
    evidence: item.mutes > 0 ? [p.members(item.mutes), ...evidence] : evidence,
    next: p.next(item, facts),
  }
}
