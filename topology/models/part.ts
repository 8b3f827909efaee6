import type { AnyModel, Opportunity } from './model.ts'

let held = new Float64Array(16)

function hold(slots: Float64Array, at: number, count: number): void {
  if (count > held.length) held = new Float64Array(2 * count)
  for (let i = 0; i < count; i++) held[i] = slots[at + i]!
}

function goPartOfTheWay(slots: Float64Array, at: number, count: number, weight: number): void {
  for (let i = 0; i < count; i++) slots[at + i] = held[i]! + weight * (slots[at + i]! - held[i]!)
}

/**
 * `learnTopic` for an opportunity of any weight: below 1 the topic's slots go that part of the way, unless the model
 * weighs by itself. With a weight of 1 it is the model's own step, to the bit.
 */
export function learnTopicPart(
  model: AnyModel,
  params: unknown,
  student: Float64Array,
  s: number,
  topic: Float64Array,
  t: number,
  o: Opportunity,
  p: number,
): void {
  const part = o.weight < 1 && !model.weighs
  if (part) hold(topic, t, model.topicSlots)
  model.learnTopic(params, student, s, topic, t, o, p)
  if (part) goPartOfTheWay(topic, t, model.topicSlots, o.weight)
}

/** The same for `learnStudent`. */
export function learnStudentPart(
  model: AnyModel,
  params: unknown,
  student: Float64Array,
  s: number,
  o: Opportunity,
  p: number,
): void {
  const part = o.weight < 1 && !model.weighs
  if (part) hold(student, s, model.studentSlots)
  model.learnStudent(params, student, s, o, p)
  if (part) goPartOfTheWay(student, s, model.studentSlots, o.weight)
}
