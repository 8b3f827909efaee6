/** What ids are called; filled in from the identity vault when a message is rendered. */
export interface Names {
  /** Null: not known any more. */
  person(pseudonym: string): string | null
  /** Of a class; the id where there is none. */
  title(id: string): string
  topic(id: string): string
}

export const LANGUAGES = ['en', 'de'] as const
export type Language = (typeof LANGUAGES)[number]

/** The first of some BCP 47 tags that there are texts for; English where there is none. */
export function languageOf(...tags: readonly (string | null | undefined)[]): Language {
  for (const tag of tags) {
    const base = tag?.toLowerCase().split('-')[0]
    const found = LANGUAGES.find((l) => l === base)
    if (found) return found
  }
  return 'en'
}
