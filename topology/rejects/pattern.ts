/** Combinations that the optional parts of a pattern may have at most, so that matching ends soon on any text. */
const MOST_COMBINATIONS = 1000
const LONGEST = 200

/**
 * What is wrong with a pattern, null where nothing is. A pattern is a regular expression of bounded work: repeats only
 * as ? or {m,n}, of single characters and classes; no back references and no look-around. The product of the ways in
 * which its repeats can match is at most a thousand, so that matching a text costs at most its length times that.
 */
export function patternProblem(pattern: unknown): string | null {
  if (typeof pattern !== 'string' || pattern === '') return 'is no text'
  if (pattern.length > LONGEST) return `has more than ${LONGEST} characters`
  try {
    new RegExp(pattern, 'u')
  } catch {
    return 'is no regular expression'
  }
  let ways = 1
  let inClass = false
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i]!
    if (c === '\\') {
      const next = pattern[i + 1]!
      if (!inClass && (/[1-9]/.test(next) || next === 'k')) return 'refers back to a group'
      i = /[puP]/.test(next) && pattern[i + 2] === '{' ? pattern.indexOf('}', i) : i + 1
    } else if (inClass) inClass = c !== ']'
    else if (c === '[') inClass = true
    else if (c === '(' && pattern[i + 1] === '?') {
      if (pattern[i + 2] !== ':') return 'has a group other than (...) and (?:...)'
      i += 2
    } else if (c === '*' || c === '+') return `repeats without a bound: write {0,20} for ${c === '*' ? '*' : '+'}`
    else if (c === '?' || c === '{') {
      if (pattern[i - 1] === ')' && pattern[i - 2] !== '\\') return 'repeats a group: repeat characters or classes'
      const repeat = c === '?' ? ['?', '0', '1'] : /^\{(\d{1,4})(?:,(\d{1,4}))?\}/.exec(pattern.slice(i))
      if (repeat === null) return 'repeats without a bound: write {1,20}'
      ways *= Number(repeat[2] ?? repeat[1]) - Number(repeat[1]) + 1
      i += repeat[0]!.length - 1
      if (pattern[i + 1] === '?') i++
    } else if (c === '|') ways *= 2
  }
  return ways > MOST_COMBINATIONS ? 'can match in too many ways: use smaller bounds' : null
}
