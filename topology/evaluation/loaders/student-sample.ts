import { hash53 } from '../../events/hash.ts'

/** Values that hash53 takes. */
const HASHES = 2 ** 53

interface Member {
  name: string
  hash: number
  answers: number
}

/**
 * Which students are kept so that their answers are at most `most`: those of the least hashes of seed and name, all
 * answers of a student or none. It hangs on the students and how many answers they have, and not on the order in which
 * they come. Memory is that of the students who are kept.
 */
export class StudentSample {
  readonly most: number
  /** Answers of the students who are kept. */
  answers = 0
  private readonly seed: number
  private readonly members = new Map<string, Member>()
  /** Members, the greatest hash first: a binary heap. */
  private readonly heap: Member[] = []
  private limit: Pick<Member, 'hash' | 'name'> | null = null
  private readonly onLeave: (student: string) => void

  constructor(most: number, seed: number, onLeave: (student: string) => void) {
    this.most = most
    this.seed = seed
    this.onLeave = onLeave
  }

  /** Share of all possible students who would be kept; 1 while nobody was let go. */
  get share(): number {
    return this.limit === null ? 1 : this.limit.hash / HASHES
  }

  admits(student: string): boolean {
    if (this.limit === null || this.members.has(student)) return true
    return before({ hash: this.hashOf(student), name: student }, this.limit)
  }

  /** Counts an answer of a student who is admitted; then students may have to leave, this one too. */
  add(student: string): void {
    let member = this.members.get(student)
    if (!member) {
      member = { name: student, hash: this.hashOf(student), answers: 0 }
      this.members.set(student, member)
      this.push(member)
    }
    member.answers++
    this.answers++
    while (this.answers > this.most && this.heap.length > 1) this.letGo()
  }

  private letGo(): void {
    const { name, hash, answers } = this.pop()
    this.members.delete(name)
    this.answers -= answers
    this.limit = { name, hash }
    this.onLeave(name)
  }

  private hashOf(student: string): number {
    return hash53(`${this.seed}\u001fsample\u001f${student}`)
  }

  private push(m: Member): void {
    const { heap } = this
    let at = heap.push(m) - 1
    while (at > 0) {
      const up = (at - 1) >> 1
      if (!before(heap[up]!, m)) break
      heap[at] = heap[up]!
      at = up
    }
    heap[at] = m
  }

  private pop(): Member {
    const { heap } = this
    const top = heap[0]!
    const last = heap.pop()!
    if (heap.length === 0) return top
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child]!, heap[child + 1]!)) child++
      if (!before(last, heap[child]!)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
    return top
  }
}

/** By hash, and by name where hashes are equal. */
function before(a: Pick<Member, 'hash' | 'name'>, b: Pick<Member, 'hash' | 'name'>): boolean {
  return a.hash !== b.hash ? a.hash < b.hash : a.name < b.name
}
