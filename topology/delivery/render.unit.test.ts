import type { Delivery, DeliveryItem } from '@mastery/schemas/src/generated/delivery.gen.ts'
import { describe, expect, it } from 'vitest'
import { exampleDelivery } from '../testing/notifier-contract.ts'
import { LANGUAGES, type Language, languageOf, type Names } from './names.ts'
import { render } from './render.ts'
import { plainWords } from './words.ts'

const NAMES: Names = {
  person: (p) => ({ reader: 'Dora <Doe>', ann: 'Ann & "Bo"', ben: 'Ben' })[p] ?? null,
  title: (id) => ({ c1: 'Maths <6a>' })[id] ?? id,
  topic: (id) => ({ fractions: 'Brüche & mehr' })[id] ?? id,
}

const item = (given: Partial<DeliveryItem> = {}): DeliveryItem => ({
  ...exampleDelivery(1).items[0]!,
  student: 'ann',
  evidence: [
    { code: 'mastery', value: 0.405, text: null },
    { code: 'threshold', value: 0.45, text: null },
    { code: 'attempts', value: 9, text: null },
  ],
  ...given,
})

function rendered(d: Partial<Delivery>, language: Language = 'en', unsubscribe: string | null = null) {
  return render(exampleDelivery(1, { recipient: 'reader', ...d }), {
    language,
    names: NAMES,
    wordsOf: plainWords,
    studentLink: (s) => `https://school.example/students/${s}?a=1&b=2`,
    inboxLink: 'https://school.example/alerts',
    unsubscribe,
  })
}

describe('a message', () => {
  it('says who, what, why in words and numbers, what one could do, and where there is more', () => {
    const { text } = rendered({ items: [item()] })
    expect(text).toBe(`Hello Dora <Doe>,
this is the summary of the day:

Maths <6a>
----------

Ann & "Bo": Help is needed on Brüche & mehr.
  - Estimated mastery is 41 %, the line that was set 45 %.
  - It rests on 9 answers.
  What one could do: Go through one or two of the last answers together.
  More about it: https://school.example/students/ann?a=1&b=2

Inbox: https://school.example/alerts
You get this message because of your role at the school.
`)
  })

  it('escapes everything that is put into HTML, and loads nothing from elsewhere', () => {
    const { html } = rendered({ items: [item()] }, 'en', 'https://school.example/unsubscribe?token=x')
    for (const part of [
      'Hello Dora &lt;Doe&gt;,',
      'Maths &lt;6a&gt;',
      'Ann &amp; &quot;Bo&quot;:',
      'href="https://school.example/students/ann?a=1&amp;b=2"',
      'href="https://school.example/unsubscribe?token=x"',
    ])
      expect(html).toContain(part)
    expect(html).not.toMatch(/<(img|script|link|iframe)|src=|url\(/i)
    const evil = render(exampleDelivery(1, { items: [item()] }), {
      language: 'en',
      names: { ...NAMES, person: () => '<script>alert(1)</script>', title: () => '"><img src=x>' },
      wordsOf: () => ({ headline: '<b>x</b>', evidence: ['<i>y</i>'], next: '<u>z</u>' }),
      studentLink: () => 'javascript:alert(1)',
      inboxLink: 'https://school.example/"onclick="x',
      unsubscribe: null,
    }).html
    expect(evil).not.toMatch(/<script>|<img|<b>|<i>|<u>|href="javascript|"onclick="/)
  })

  it('is cut by class for teachers, by child for guardians', () => {
    const items = [item(), item({ student: 'ben', alert_id: 'b' }), item({ topic: 'area', alert_id: 'c' })]
    const headings = (text: string) => [...text.matchAll(/^(.+)\n-+$/gm)].map((m) => m[1])
    expect(headings(rendered({ items }).text)).toEqual(['Maths <6a>'])
    const guardian = rendered({ items: items.map((i) => ({ ...i, class: null })), role: 'guardian' }).text
    expect(headings(guardian)).toEqual(['Ann & "Bo"', 'Ben'])
    expect(guardian).toContain('\nHelp is needed on area.')
  })

  it('names what is only in the inbox, and says of the class that it is the class', () => {
    const drop = item({ scope: 'class', student: null, mutes: 3 })
    const { text, subject } = rendered({
      items: [drop, item({ place: 'more' }), item({ place: 'muted' })],
      more: 1,
      muted: 1,
    })
    expect(text).toContain('The whole class: The whole class has fallen back on Brüche & mehr.')
    expect(text).toContain('It stands for notices on 3 students of the class.')
    expect(text).toContain('1 further notice is in the inbox.')
    expect(text).toContain('1 notice for which another one stands is in the inbox only.')
    expect(subject).toBe('Today: 2 notices on learning')
    expect(text).not.toContain('Ann')
  })

  it('says of a class how far it fell, and how many of it', () => {
    const fact = (code: string, value: number) => ({ code, value, text: null })
    const evidence = [
      fact('class_fall', 0.142),
      fact('members_fell', 9),
      fact('members', 12),
      fact('class_mastery', 0.48),
    ]
    const drop = item({ scope: 'class', student: null, evidence })
    expect(rendered({ items: [drop] }).text).toContain(
      'In the week mean mastery fell by 14 points to 48 %; 9 of 12 students fell back.',
    )
    expect(rendered({ items: [drop] }, 'de').text).toContain('um 14 Punkte auf 48 % gesunken; 9 von 12')
  })

  it('names nobody in its subject, in any language and of any kind', () => {
    for (const language of LANGUAGES)
      for (const kind of ['urgent', 'group', 'digest', 'unknown'] as const)
        expect(rendered({ kind, items: [item()] }, language).subject).not.toMatch(/Ann|Dora|Maths|Br/)
  })

  it('tells what belongs together in one sentence, strongest first, in every language', () => {
    const fact = (code: string, value: number, text: string | null = null) => ({ code, value, text })
    const evidence = [
      ...[fact('fall', 0.23), fact('mastery', 0.35), fact('threshold', 0.45), fact('mastery_at_entry', 0.4)],
      ...[fact('prerequisite', 0.2, 'fractions'), fact('trend_per_week', -0.12), fact('attempts', 19)],
      ...[fact('recent_correct', 4), fact('recent_answers', 10), fact('sessions', 3), fact('days', 9)],
      ...[fact('last_answer', Date.UTC(2025, 11, 19)), fact('rapid_of_last_ten', 3)],
    ]
    expect(plainWords(item({ evidence }), 'en', NAMES).evidence).toEqual([
      '3 of the last ten answers came too fast for the question to have been read.',
      'It fell by 23 points.',
      'Estimated mastery is 35 %, the line that was set 45 %; it was 40 % when this began.',
      'Mastery of Brüche & mehr is 20 %.',
      'It falls by 12 points a week.',
      '4 of the last 10 answers were right.',
      'It rests on 19 answers in 3 sessions over 9 days, the last on 19 December.',
    ])
    expect(plainWords(item({ evidence }), 'de', NAMES).evidence).toEqual([
      '3 der letzten zehn Antworten kamen so schnell, dass die Frage kaum gelesen sein kann.',
      'Es ist um 23 Punkte gesunken.',
      'Das geschätzte Können liegt bei 35 %, die gesetzte Grenze bei 45 %; zu Beginn waren es 40 %.',
      'Bei Brüche & mehr liegt das Können bei 20 %.',
      'Es sinkt um 12 Punkte in der Woche.',
      '4 der letzten 10 Antworten waren richtig.',
      'Es beruht auf 19 Antworten in 3 Sitzungen innerhalb von 9 Tagen, der letzten am 19. Dezember.',
    ])
    const idle = [fact('idle_days', 15), fact('last_answer', Date.UTC(2025, 11, 4))]
    expect(plainWords(item({ evidence: idle }), 'en', NAMES)).toMatchObject({
      headline: 'There has been no work for a while.',
      evidence: ['The last 15 days went without an answer; the last one was on 4 December.'],
    })
  })

  it('leaves out trends of a few days and what has not moved, and says facts that it has no sentence for', () => {
    const facts = (...all: [string, number][]) => all.map(([code, value]) => ({ code, value, text: null }))
    const said = (...all: [string, number][]) => plainWords(item({ evidence: facts(...all) }), 'en', NAMES).evidence
    expect(said(['mastery', 0.35], ['mastery_at_entry', 0.352])).toEqual(['Estimated mastery is 35 %.'])
    expect(said(['trend_per_week', 1.15], ['days', 3])).toEqual([])
    expect(said(['trend_per_week', 0.01])).toEqual([])
    const odd = plainWords(item({ evidence: [{ code: 'odd_fact', value: 1234.5678, text: 'x' }] }), 'de', NAMES)
    expect(odd.evidence).toEqual(['odd fact (x): 1230.'])
  })

  it('takes the first language that there are texts for', () => {
    expect(languageOf('de-AT', 'en')).toBe('de')
    expect(languageOf('tr', null, 'DE')).toBe('de')
    expect(languageOf(undefined, 'tr')).toBe('en')
  })
})
