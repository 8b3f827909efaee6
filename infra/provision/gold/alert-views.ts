import { ACTIVE } from './active.ts'

/** What analysts and pages read of alerts. */
export const ALERT_VIEWS: readonly { name: string; about: string; select: string }[] = [
  {
    name: 'v_alert_history',
    about: 'Every transition of every alert.',
    select: `SELECT * FROM alerts FINAL WHERE ${ACTIVE}`,
  },
  {
    name: 'v_alerts',
    about:
      'Every alert as it stands, with when it last fired and how often people were told; those that came to nothing are left out.',
    select: `SELECT a.*, f.fired_at AS fired_at, f.notices AS notices, f.not_useful AS not_useful FROM
      (SELECT * FROM alerts FINAL WHERE ${ACTIVE} AND state != 'normal'
        ORDER BY src_offset DESC, ordinal DESC LIMIT 1 BY tenant, alert_id) AS a
      LEFT JOIN (SELECT tenant, alert_id, maxIf(decided_at, state = 'firing' AND before != 'firing') AS fired_at,
          countIf(told) AS notices, countIf(cause = 'not_useful') > 0 AS not_useful,
          argMax(state, (src_offset, ordinal)) AS newest
        FROM alerts FINAL WHERE ${ACTIVE} GROUP BY tenant, alert_id) AS f
      ON a.tenant = f.tenant AND a.alert_id = f.alert_id
      WHERE f.newest != 'normal'`,
  },
]
