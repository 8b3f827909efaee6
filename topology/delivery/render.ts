import type { Delivery, DeliveryItem } from '@mastery/schemas/src/generated/delivery.gen.ts'
import type { Language, Names } from './names.ts'
import { isOnSystem } from './system-words.ts'
import { TEXTS } from './texts.ts'
import type { WordsOf } from './words.ts'

export interface RenderOptions {
  language: Language
  names: Names
  wordsOf: WordsOf
  /** Page of a student, by pseudonym. */
  studentLink(student: string): string
  /** Page of the reader's inbox. */
  inboxLink: string
  /** Takes the reader off mails; null: no line about it. */
  unsubscribe: string | null
}

export interface Rendered {
  subject: string
  text: string
  html: string
}

interface Section {
  heading: string
  notes: Note[]
}

interface Note {
  /** Who it is about; null: the heading says it. */
  who: string | null
  headline: string
  evidence: string[]
  next: string | null
  link: string | null
}

/** The message about a delivery in the reader's language: by child for guardians, by class for the others. */
export function render(d: Delivery, options: RenderOptions): Rendered {
  const t = TEXTS[options.language]
  const told = d.items.filter((i) => i.place === 'text')
  const kind = d.kind === 'urgent' || d.kind === 'group' ? d.kind : 'digest'
  const system = told.length > 0 && told.every((i) => isOnSystem(i.scope))
  const subject = kind === 'urgent' ? t.subject.urgent : t.subject[system ? 'system' : kind](told.length + d.more)
  const sections = sectionsOf(told, d.role, options)
  const tail = [...(d.more > 0 ? [t.more(d.more)] : []), ...(d.muted > 0 ? [t.muted(d.muted)] : [])]
  const opening = [t.greeting(options.names.person(d.recipient)), t.intro[kind]]
  return { subject, text: textOf(opening, sections, tail, options), html: htmlOf(opening, sections, tail, options) }
}

function sectionsOf(items: readonly DeliveryItem[], role: string, o: RenderOptions): Section[] {
  const byChild = role === 'guardian'
  const t = TEXTS[o.language]
  const sections = new Map<string, Section>()
  for (const i of items) {
    const student = i.student === null ? null : o.names.person(i.student)
    const heading = isOnSystem(i.scope)
      ? t.system[i.scope === 'item' ? 'items' : 'parts']
      : byChild
        ? (student ?? t.elsewhere)
        : i.class === null
          ? t.elsewhere
          : o.names.title(i.class)
    let section = sections.get(heading)
    if (!section) sections.set(heading, (section = { heading, notes: [] }))
    const { headline, evidence, next } = o.wordsOf(i, o.language, o.names, role)
    const who = i.scope === 'class' ? t.wholeClass : byChild ? null : student
    const link = i.student === null || i.scope !== 'student' ? null : o.studentLink(i.student)
    section.notes.push({ who, headline, evidence, next, link })
  }
  return [...sections.values()]
}

function textOf(opening: string[], sections: Section[], tail: string[], o: RenderOptions): string {
  const t = TEXTS[o.language]
  const lines = [...opening, '']
  for (const { heading, notes } of sections) {
    lines.push(heading, '-'.repeat(Math.min(60, heading.length)), '')
    for (const n of notes) {
      lines.push(n.who === null ? n.headline : `${n.who}: ${n.headline}`)
      for (const e of n.evidence) lines.push(`  - ${e}`)
      if (n.next !== null) lines.push(`  ${t.next} ${n.next}`)
      if (n.link !== null) lines.push(`  ${t.look} ${n.link}`)
      lines.push('')
    }
  }
  if (tail.length > 0) lines.push(...tail, '')
  lines.push(`${t.inbox} ${o.inboxLink}`, t.why)
  if (o.unsubscribe !== null) lines.push(`${t.unsubscribe} ${o.unsubscribe}`)
  return `${lines.join('\n')}\n`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const escaped = (text: string) => text.replace(/[&<>"']/g, (c) => ENTITIES[c]!)
/** Only addresses of the web become links, whatever the configuration says. */
const anchor = (href: string, words: string) =>
  /^https?:\/\//.test(href) ? `<a href="${escaped(href)}">${escaped(words)}</a>` : escaped(href)

function htmlOf(opening: string[], sections: Section[], tail: string[], o: RenderOptions): string {
  const t = TEXTS[o.language]
  const parts = opening.map((line) => `<p>${escaped(line)}</p>`)
  for (const { heading, notes } of sections) {
    parts.push(`<h2 style="font-size:1.1em">${escaped(heading)}</h2>`)
    for (const n of notes) {
      const who = n.who === null ? '' : `<strong>${escaped(n.who)}:</strong> `
      const evidence = n.evidence.map((e) => `<li>${escaped(e)}</li>`).join('')
      parts.push(
        `<p style="margin-bottom:0">${who}${escaped(n.headline)}</p>`,
        evidence === '' ? '' : `<ul style="margin-top:0">${evidence}</ul>`,
        n.next === null ? '' : `<p><em>${escaped(t.next)}</em> ${escaped(n.next)}</p>`,
        n.link === null ? '' : `<p>${anchor(n.link, t.look.replace(/:$/, ''))}</p>`,
      )
    }
  }
  for (const line of tail) parts.push(`<p>${escaped(line)}</p>`)
  const off = o.unsubscribe === null ? '' : ` ${anchor(o.unsubscribe, t.unsubscribe.replace(/:$/, ''))}`
  parts.push(
    `<p>${anchor(o.inboxLink, t.inbox.replace(/:$/, ''))}</p>`,
    `<p><small>${escaped(t.why)}${off}</small></p>`,
  )
  const body = parts.filter((p) => p !== '').join('\n')
  return `<!doctype html>\n<html lang="${o.language}"><head><meta charset="utf-8"></head><body style="font-family:sans-serif">\n${body}\n</body></html>\n`
}
