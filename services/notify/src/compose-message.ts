import type { DeliveryConfig } from '@mastery/infra/config/delivery.ts'
import type { Secrets } from '@mastery/infra/config/secrets.ts'
import { unsubscribeToken } from '@mastery/infra/config/unsubscribe.ts'
import type { Delivery } from '@mastery/schemas/src/generated/delivery.gen.ts'
import { languageOf } from '@mastery/topology/delivery/names.ts'
import { render } from '@mastery/topology/delivery/render.ts'
import type { WordsOf } from '@mastery/topology/delivery/words.ts'
import type { IdentityVault } from '@mastery/topology/ports/identity-vault.ts'
import type { Channel, OutgoingMessage } from '@mastery/topology/ports/notifier.ts'

export interface MessageParts {
  vault(): Pick<IdentityVault, 'people' | 'titles'>
  /** What topics are called, of a tenant. */
  topicNames(tenant: string): Promise<ReadonlyMap<string, string>>
  secrets: Secrets
  config: DeliveryConfig
  wordsOf: WordsOf
}

/** Why a reader gets no message. */
export interface Withheld {
  withheld: string
}

/**
 * The message of a delivery with the names filled in. Notices about students whom the vault does not know any more are
 * left out: they were erased, or have left.
 */
export async function composeMessage(
  parts: MessageParts,
  channel: Channel,
  decided: Delivery,
): Promise<OutgoingMessage | Withheld> {
  const { tenant, recipient } = decided
  const reader = `delivery by ${channel}`
  const vault = parts.vault()
  const students = decided.items.flatMap((i) => i.student ?? [])
  const people = await vault.people(tenant, [...new Set([recipient, ...students])], reader)
  const delivery = withKnown(decided, (student) => people.has(student))
  if (delivery.items.length === 0) return { withheld: 'the students whom it is about are not known any more' }
  const self = people.get(recipient)
  if (channel === 'mail' && !self) return { withheld: 'the reader is not known any more' }
  if (channel === 'mail' && self!.email === null) return { withheld: 'the reader has no mail address' }
  if (channel === 'mail' && delivery.more === 0 && !delivery.items.some((i) => i.place === 'text'))
    return { withheld: 'nothing is left that its text would say' }

  const classes = [...new Set(delivery.items.flatMap((i) => i.class ?? []))]
  const titles = await vault.titles(tenant, classes, reader)
  const topics = await parts.topicNames(tenant)
  const { config } = parts
  const language = languageOf(self?.language, config.of(tenant).language)
  const owner = parts.secrets.tenants.find((t) => t.id === tenant)
  const page = (template: string) => template.replace('{publicUrl}', config.publicUrl)
  const unsubscribe =
    channel === 'mail' && owner ? `${config.publicUrl}/unsubscribe?token=${unsubscribeToken(owner, recipient)}` : null
  const rendered = render(delivery, {
    language,
    names: {
      person: (p) => people.get(p)?.name ?? null,
      title: (id) => titles.get(id) ?? id,
      topic: (id) => topics.get(id) ?? id,
    },
    wordsOf: parts.wordsOf,
    studentLink: (student) => page(config.studentPage).replace('{student}', student),
    inboxLink: page(config.inboxPage),
    unsubscribe,
  })
  return { delivery, address: self?.email ?? null, language, ...rendered, unsubscribe }
}

function withKnown(d: Delivery, known: (student: string) => boolean): Delivery {
  const items = d.items.filter((i) => i.student === null || known(i.student))
  if (items.length === d.items.length) return d
  const count = (place: string) => items.filter((i) => i.place === place).length
  return { ...d, items, more: count('more'), muted: count('muted') }
}
