import { date, many, otherwise, percent, points } from './figures.ts'
import type { Phrases } from './phrases.ts'

const day = (ms: number) => date(ms, 'de-DE')

export const GERMAN: Phrases = {
  headline(item, about, topic) {
    const on = topic === null ? '' : ` bei ${topic}`
    const over = item.kind === 'resolved'
    if (item.scope === 'class')
      return over ? `Die Klasse hat aufgeholt${on}.` : `Die ganze Klasse ist zurückgefallen${on}.`
    if (over) return `Es geht wieder besser${on}.`
    if (item.kind === 'escalated') return `Noch offen: Hilfe ist nötig${on}.`
    switch (about) {
      case 'idle':
        return 'Seit einiger Zeit wurde nicht gearbeitet.'
      case 'rapid':
        return `Antworten kommen schneller, als man nachdenken kann${on}.`
      case 'practice':
        return `Viel Übung hat noch nicht geholfen${on}.`
      case 'fall':
        return `Das Können nimmt ab${on}.`
      case 'prerequisite':
        return `Eine Voraussetzung fehlt${on}.`
      case 'reached':
        return `Das Ziel ist erreicht${on}.`
      case 'help':
        return `Hilfe ist nötig${on}.`
    }
  },
  next(item, about) {
    if (item.kind === 'resolved') return null
    if (item.scope === 'class')
      return 'Das Thema mit der Klasse noch einmal aufgreifen, zuerst, was die meisten falsch hatten.'
    switch (about) {
      case 'idle':
        return 'Fragen, wie es geht, und eine kleine erste Aufgabe vereinbaren.'
      case 'rapid':
        return 'Einige Aufgaben gemeinsam und ohne Eile bearbeiten.'
      case 'practice':
        return 'Das Üben erst einmal lassen und das Thema auf andere Weise erklären.'
      case 'prerequisite':
        return 'Zuerst die Voraussetzung üben.'
      case 'reached':
        return 'Zum nächsten Thema übergehen.'
      case 'fall':
      case 'help':
        return 'Eine oder zwei der letzten Antworten gemeinsam durchgehen.'
    }
  },
  told(t, topic) {
    switch (t.say) {
      case 'idle':
        return `Seit ${many(t.days, 'Tag', 'Tagen')} kam keine Antwort${t.last === null ? '' : `; die letzte kam am ${day(t.last)}`}.`
      case 'rapid':
        return `${t.rapid} der letzten zehn Antworten kamen so schnell, dass die Frage kaum gelesen sein kann.`
      case 'fall':
        return `Es ist um ${points(t.by, 'Punkt', 'Punkte')} gesunken.`
      case 'class': {
        const how = t.by < 0 ? 'gestiegen' : 'gesunken'
        const to = t.mastery === null ? '' : ` auf ${percent(t.mastery)}`
        return `Das mittlere Können ist in der Woche um ${points(Math.abs(t.by), 'Punkt', 'Punkte')}${to} ${how}; ${t.fell} von ${t.members} haben nachgelassen.`
      }
      case 'practice':
        return `Es waren ${many(t.answers, 'Antwort', 'Antworten')}, ohne dass das Ziel erreicht ist.`
      case 'mastery':
        return `Das geschätzte Können liegt bei ${percent(t.mastery)}${t.line === null ? '' : `, die gesetzte Grenze bei ${percent(t.line)}`}${t.entry === null ? '' : `; zu Beginn waren es ${percent(t.entry)}`}.`
      case 'prerequisite':
        return `Bei ${t.topic === null ? 'der Voraussetzung' : topic(t.topic)} liegt das Können bei ${percent(t.mastery)}.`
      case 'trend':
        return `Es ${t.perWeek < 0 ? 'sinkt' : 'steigt'} um ${points(Math.abs(t.perWeek), 'Punkt', 'Punkte')} in der Woche.`
      case 'recent':
        return t.answers === 1
          ? `Die letzte Antwort war ${t.correct === 1 ? 'richtig' : 'falsch'}.`
          : `${t.correct} der letzten ${t.answers} Antworten ${t.correct === 1 ? 'war' : 'waren'} richtig.`
      case 'basis': {
        const sessions = t.sessions === null ? '' : ` in ${many(t.sessions, 'Sitzung', 'Sitzungen')}`
        const days = t.days === null || t.days <= 1 ? '' : ` innerhalb von ${t.days} Tagen`
        return `Es beruht auf ${many(t.answers, 'Antwort', 'Antworten')}${sessions}${days}${t.last === null ? '' : `, der letzten am ${day(t.last)}`}.`
      }
      case 'other':
        return otherwise(t.code, t.value, t.text)
    }
  },
  members: (n) => `Sie steht für Meldungen zu ${many(n, 'Person', 'Personen')} der Klasse.`,
}
