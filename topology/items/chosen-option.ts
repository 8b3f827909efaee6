/**
 * Where a source says which option of a question was chosen, the event's actions have it: `option:b`, counted once. Free
 * text that a student wrote is none and is never kept.
 */
export const CHOSEN = 'option:'

const OPTION = /^[A-Za-z0-9][A-Za-z0-9_-]{0,15}$/

/** The action that says it; null where the text is no option's name: up to 16 letters, digits, `_` and `-`. */
export function chosenAction(option: string): string | null {
  return OPTION.test(option) ? `${CHOSEN}${option}` : null
}
