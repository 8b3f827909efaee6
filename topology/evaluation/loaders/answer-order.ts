export interface GivenColumns {
  student: Int32Array
  /** -1: none. */
  item: Int32Array
  at: Float64Array
  row: Int32Array
  topicEnd: Int32Array
  topic: Int32Array
}

interface GivenNames {
  students: readonly string[]
  items: readonly string[]
  topics: readonly string[]
}

/** Names in their new order, and the new place of each former one; -1 for names that no row has. */
export interface Renamed {
  names: string[]
  place: Int32Array
}

export interface Order {
  /** Given rows in the order of the log: students together. */
  rows: Uint32Array
  students: Renamed
  items: Renamed
  topics: Renamed
}

/** Students together in the order in which they came first, each with the order in which its answers were given. */
export function orderedAsGiven(c: GivenColumns, names: GivenNames): Order {
  return orderedBy(c, names, (a, b) => a - b)
}

/**
 * Students together in the order of their first answers, each with the order of time; what is at one instant stays in the
 * order of its source rows. Names are numbered as they come first in time.
 */
export function orderedByTime(c: GivenColumns, names: GivenNames): Order {
  const earlier = (a: number, b: number) => c.at[a]! - c.at[b]! || c.row[a]! - c.row[b]! || a - b
  const order = orderedBy(c, names, earlier)
  const { rows } = order
  for (let from = 0; from < rows.length; ) {
    let to = from + 1
    let sorted = true
    for (; to < rows.length && c.student[rows[to]!] === c.student[rows[from]!]; to++)
      sorted &&= earlier(rows[to - 1]!, rows[to]!) < 0
    if (!sorted) rows.subarray(from, to).sort(earlier)
    from = to
  }
  return order
}

/** Names as they come first by `earlier`, those without a row left out; rows by student, each student's as given. */
function orderedBy(c: GivenColumns, names: GivenNames, earlier: (a: number, b: number) => number): Order {
  const n = c.student.length
  const renamed = (list: readonly string[], each: (tell: (name: number, r: number, k: number) => void) => void) => {
    const firstRow = new Int32Array(list.length).fill(-1)
    const within = new Int32Array(list.length)
    each((name, r, k) => {
      const known = firstRow[name]!
      if (known >= 0 && earlier(known, r) <= 0) return
      firstRow[name] = r
      within[name] = k
    })
    const order = Int32Array.from(firstRow.keys()).filter((i) => firstRow[i]! >= 0)
    order.sort((a, b) => earlier(firstRow[a]!, firstRow[b]!) || within[a]! - within[b]!)
    const place = new Int32Array(list.length).fill(-1)
    order.forEach((from, to) => {
      place[from] = to
    })
    return { names: Array.from(order, (i) => list[i]!), place }
  }
  const rowsOf = (column: Int32Array) => (tell: (name: number, r: number, k: number) => void) => {
    for (let r = 0; r < n; r++) if (column[r]! >= 0) tell(column[r]!, r, 0)
  }
  const students = renamed(names.students, rowsOf(c.student))
  const items = renamed(names.items, rowsOf(c.item))
  const topics = renamed(names.topics, (tell) => {
    for (let r = 0, k = 0; r < n; r++) for (; k < c.topicEnd[r]!; k++) tell(c.topic[k]!, r, k)
  })
  return { rows: grouped(c.student, students.place), students, items, topics }
}

/** Rows by the place of their student, each student's in their order. */
function grouped(student: Int32Array, place: Int32Array): Uint32Array {
  const next = new Int32Array(place.length + 1)
  for (const s of student) next[place[s]! + 1]!++
  for (let s = 1; s < next.length; s++) next[s]! += next[s - 1]!
  const rows = new Uint32Array(student.length)
  for (let i = 0; i < student.length; i++) rows[next[place[student[i]!]!]!++] = i
  return rows
}
