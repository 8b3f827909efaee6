import type { DeliveryItem } from '@mastery/schemas/src/generated/delivery.gen.ts'
import type { Told } from './story.ts'

/** What a notice of a student is about, by what its evidence holds. */
export type About = 'idle' | 'rapid' | 'practice' | 'fall' | 'prerequisite' | 'reached' | 'help'

/** A language's sentences. */
export interface Phrases {
  headline(item: DeliveryItem, about: About, topic: string | null): string
  next(item: DeliveryItem, about: About): string | null
  told(t: Told, topic: (id: string) => string): string
  members(n: number): string
}
