import type { ByteReader, ByteWriter } from '../bytes.ts'

const NONE = 0xffff
const HEX = /^[0-9a-f]{32}$/

/** Each text of a state once: readers hear of the same classes, topics, rules and students again and again. */
export class TextTable {
  private readonly places = new Map<string, number>()

  /** Writes the text's place. */
  put(w: ByteWriter, text: string | null): void {
    if (text === null) {
      w.u16(NONE)
      return
    }
    let place = this.places.get(text)
    if (place === undefined) {
      place = this.places.size
      if (place === NONE) throw new Error('A reader waits for notices of more than 65,535 different things.')
      this.places.set(text, place)
    }
    w.u16(place)
  }

  /** Pseudonyms and ids of alerts in 16 bytes, all else as text. */
  write(w: ByteWriter): void {
    w.u16(this.places.size)
    for (const text of this.places.keys()) {
      const hex = HEX.test(text)
      w.u8(hex ? 1 : 0)
      if (hex) w.array(new Uint8Array(Buffer.from(text, 'hex')), 16)
      else w.text(text)
    }
  }
}

/** Reads what `TextTable.write` wrote, and gives the way to read places. */
export function textsOf(r: ByteReader): { text(): string; textOrNull(): string | null } {
  const texts: string[] = []
  const bytes = new Uint8Array(16)
  for (let n = r.u16(); n > 0; n--) {
    if (r.u8() === 0) texts.push(r.text())
    else {
      r.into(bytes, 16)
      texts.push(Buffer.from(bytes).toString('hex'))
    }
  }
  return {
    text: () => texts[r.u16()]!,
    textOrNull() {
      const place = r.u16()
      return place === NONE ? null : texts[place]!
    },
  }
}
