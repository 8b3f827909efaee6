/** The text of one element, `line` the 1-based number of its first line. */
export interface JsonElement {
  raw: string
  line: number
}

const QUOTE = 34
const COMMA = 44
const OPEN_BRACKET = 91
const BACKSLASH = 92
const CLOSE_BRACKET = 93
const OPEN_BRACE = 123
const CLOSE_BRACE = 125

/**
 * Splits JSON text, given in chunks of any size, into element texts, without parsing them: the elements of one array,
 * or, where the text does not begin with `[`, the lines of newline-delimited JSON. Elements may be malformed: that is
 * the reader's to reject. An array that breaks off gives its last element as far as it goes; text after the array is
 * one more element, so that nothing is lost. A byte order mark is dropped.
 */
export class JsonElementSplitter {
  #mode: 'start' | 'array' | 'lines' | 'after' = 'start'
  #rest = ''
  #at = 0
  #depth = 0
  #inString = false
  #line = 1
  #bom = true

  push(chunk: string): JsonElement[] {
    if (this.#bom && chunk.length > 0) {
      this.#bom = false
      if (chunk.charCodeAt(0) === 0xfeff) chunk = chunk.slice(1)
    }
    this.#rest += chunk
    const out: JsonElement[] = []
    if (this.#mode === 'start') this.#start()
    if (this.#mode === 'lines') this.#lines(out)
    if (this.#mode === 'array') this.#array(out)
    return out
  }

  end(): JsonElement[] {
    const out: JsonElement[] = []
    this.#emit(this.#rest, out)
    this.#rest = ''
    this.#at = 0
    return out
  }

  #start(): void {
    const first = this.#rest.search(/\S/)
    if (first < 0) return
    const array = this.#rest.charCodeAt(first) === OPEN_BRACKET
    this.#mode = array ? 'array' : 'lines'
    const from = array ? first + 1 : first
    this.#countLines(this.#rest.slice(0, from))
    this.#rest = this.#rest.slice(from)
  }

  #lines(out: JsonElement[]): void {
    let start = 0
    for (let end = this.#rest.indexOf('\n', this.#at); end >= 0; end = this.#rest.indexOf('\n', start)) {
      this.#emit(this.#rest.slice(start, end + 1), out)
      start = end + 1
    }
    this.#rest = this.#rest.slice(start)
    this.#at = this.#rest.length
  }

  #array(out: JsonElement[]): void {
    const text = this.#rest
    let start = 0
    let i = this.#at
    for (; i < text.length; i++) {
      const c = text.charCodeAt(i)
      if (this.#inString) {
        if (c === BACKSLASH) i++
        else if (c === QUOTE) this.#inString = false
      } else if (c === QUOTE) {
        this.#inString = true
      } else if (c === OPEN_BRACE || c === OPEN_BRACKET) {
        this.#depth++
      } else if (this.#depth > 0) {
        if (c === CLOSE_BRACE || c === CLOSE_BRACKET) this.#depth--
      } else if (c === COMMA || c === CLOSE_BRACKET) {
        this.#emit(text.slice(start, i), out)
        start = i + 1
        if (c === CLOSE_BRACKET) {
          this.#mode = 'after'
          break
        }
      }
    }
    this.#rest = text.slice(start)
    // An escape cut at the chunk's end leaves i one beyond it: the escaped character is then skipped in the next chunk.
    this.#at = i - start
  }

  #emit(text: string, out: JsonElement[]): void {
    const raw = text.trim()
    if (raw !== '') out.push({ raw, line: this.#line + newlines(text.slice(0, text.search(/\S/))) })
    this.#countLines(text)
  }

  #countLines(text: string): void {
    this.#line += newlines(text)
  }
}

function newlines(text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++
  return count
}
