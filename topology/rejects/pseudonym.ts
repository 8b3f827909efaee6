/** Whether a text has the form of a pseudonym. A record key of an outside producer may be a student's own id instead. */
export function isPseudonym(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text)
}
