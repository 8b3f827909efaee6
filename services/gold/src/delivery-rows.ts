import type { Delivery } from '@mastery/schemas/src/generated/delivery.gen.ts'
import { fromOf, type Put } from './rows.ts'

/** A row for each notice, whether it is in the text or not. `erased`: up to when what was told of a student must not be kept, UTC milliseconds. */
export function deliveryRows(d: Delivery, put: Put, erased: ReadonlyMap<string, number> = new Map()): void {
  for (const i of d.items) {
    if (i.student !== null && i.occurred_at <= (erased.get(i.student) ?? Number.NEGATIVE_INFINITY)) continue
    put('deliveries', [
      d.tenant,
      i.student ?? '',
      d.recipient,
      d.role,
      d.delivery_id,
      d.kind,
      i.alert_id,
      i.sequence,
      i.kind,
      i.rule,
      i.scope,
      i.severity,
      i.class ?? '',
      i.topic ?? '',
      i.occurred_at,
      i.place,
      i.mutes,
      d.school ?? '',
      d.policy,
      d.now,
      ...fromOf(d),
    ])
  }
}
