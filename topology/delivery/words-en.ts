import { date, many, otherwise, percent, points } from './figures.ts'
import type { Phrases } from './phrases.ts'

const day = (ms: number) => date(ms, 'en-GB')

export const ENGLISH: Phrases = {
  headline(item, about, topic) {
    const on = topic === null ? '' : ` on ${topic}`
    const over = item.kind === 'resolved'
    if (item.scope === 'class') return over ? `The class has recovered${on}.` : `The whole class has fallen back${on}.`
    if (over) return `It is better again${on}.`
    if (item.kind === 'escalated') return `Still waiting: help is needed${on}.`
    switch (about) {
      case 'idle':
        return 'There has been no work for a while.'
      case 'rapid':
        return `Answers come too fast to have been thought about${on}.`
      case 'practice':
        return `Much practice has not led to mastery${on}.`
      case 'fall':
        return `Mastery is falling${on}.`
      case 'prerequisite':
        return `Something that comes before is missing${on}.`
      case 'reached':
        return `Mastery has been reached${on}.`
      case 'help':
        return `Help is needed${on}.`
    }
  },
  next(item, about) {
    if (item.kind === 'resolved') return null
    if (item.scope === 'class') return 'Take the topic up again with the class, beginning with what most got wrong.'
    switch (about) {
      case 'idle':
        return 'Ask how things are, and agree on a small first task.'
      case 'rapid':
        return 'Sit down together for a few items, without hurry.'
      case 'practice':
        return 'Stop the practice for now, and explain the topic in another way.'
      case 'prerequisite':
        return 'Practise what comes before first.'
      case 'reached':
        return 'Go on to the next topic.'
      case 'fall':
      case 'help':
        return 'Go through one or two of the last answers together.'
    }
  },
  told(t, topic) {
    switch (t.say) {
      case 'idle':
        return `The last ${many(t.days, 'day', 'days')} went without an answer${t.last === null ? '' : `; the last one was on ${day(t.last)}`}.`
      case 'rapid':
        return `${t.rapid} of the last ten answers came too fast for the question to have been read.`
      case 'fall':
        return `It fell by ${points(t.by, 'point', 'points')}.`
      case 'class': {
        const how = `${t.by < 0 ? 'rose' : 'fell'} by ${points(Math.abs(t.by), 'point', 'points')}`
        const to = t.mastery === null ? '' : ` to ${percent(t.mastery)}`
        return `In the week mean mastery ${how}${to}; ${t.fell} of ${many(t.members, 'student', 'students')} fell back.`
      }
      case 'practice':
        return `There were ${many(t.answers, 'answer', 'answers')} without mastery.`
      case 'mastery':
        return `Estimated mastery is ${percent(t.mastery)}${t.line === null ? '' : `, the line that was set ${percent(t.line)}`}${t.entry === null ? '' : `; it was ${percent(t.entry)} when this began`}.`
      case 'prerequisite':
        return `Mastery of ${t.topic === null ? 'what comes before' : topic(t.topic)} is ${percent(t.mastery)}.`
      case 'trend':
        return `It ${t.perWeek < 0 ? 'falls' : 'rises'} by ${points(Math.abs(t.perWeek), 'point', 'points')} a week.`
      case 'recent':
        return t.answers === 1
          ? `The last answer was ${t.correct === 1 ? 'right' : 'wrong'}.`
          : `${t.correct} of the last ${t.answers} answers ${t.correct === 1 ? 'was' : 'were'} right.`
      case 'basis': {
        const sessions = t.sessions === null ? '' : ` in ${many(t.sessions, 'session', 'sessions')}`
        const days = t.days === null || t.days <= 1 ? '' : ` over ${t.days} days`
        return `It rests on ${many(t.answers, 'answer', 'answers')}${sessions}${days}${t.last === null ? '' : `, the last on ${day(t.last)}`}.`
      }
      case 'other':
        return otherwise(t.code, t.value, t.text)
    }
  },
  members: (n) => `It stands for notices on ${many(n, 'student', 'students')} of the class.`,
}
