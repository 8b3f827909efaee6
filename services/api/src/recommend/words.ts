import { type TopicAdvice, type TopicTargets, topicReason } from '@mastery/topology/recommend/next-topics.ts'
import type { StudentView } from '@mastery/topology/recommend/view.ts'

/** Why this topic, also where somebody named one that would not have been recommended. */
export function topicWords(view: StudentView, advice: TopicAdvice, topic: number, targets: TopicTargets): string {
  const { id } = view.graph.topics[topic]!
  const worth = advice.next.find((t) => t.topic === id)
  if (worth) return topicReason(worth)
  const waits = advice.waiting.find((t) => t.topic === id)
  if (waits) return `It builds on ${waits.for.join(' and ')}, which should come first.`
  const mastery = view.mastery(id) ?? 0
  return `Mastery is ${Math.round(100 * mastery)} %, at the ${Math.round(100 * targets.mastered)} % that are aimed at: it needs no more work now.`
}
