const ADL = 'http://adlnet.gov/expapi/verbs/'
const VIDEO = 'https://w3id.org/xapi/video/verbs/'

/** What a verb means here; the activity decides the rest. */
export type VerbRole = 'void' | 'graded' | 'submitted' | 'summary' | 'waived' | 'help' | 'media'

/** Verbs by IRI. Those that are not here say nothing about learning, unless they carry a result. */
export const VERBS: ReadonlyMap<string, VerbRole> = new Map([
  [`${ADL}voided`, 'void'],
  ['https://w3id.org/xapi/acrossx/verbs/evaluated', 'graded'],
  [`${ADL}answered`, 'graded'],
  ['https://w3id.org/xapi/tla/verbs/scored', 'graded'],
  ['https://w3id.org/xapi/dod-isd/verbs/assessed', 'graded'],
  [`${ADL}passed`, 'graded'],
  [`${ADL}failed`, 'graded'],
  [`${ADL}attempted`, 'submitted'],
  ['http://activitystrea.ms/submit', 'submitted'],
  ['http://activitystrea.ms/schema/1.0/submit', 'submitted'],
  [`${ADL}completed`, 'summary'],
  [`${ADL}progressed`, 'summary'],
  ['http://id.tincanapi.com/verb/earned', 'summary'],
  ['https://w3id.org/xapi/adl/verbs/satisfied', 'summary'],
  ['https://w3id.org/xapi/adl/verbs/waived', 'waived'],
  [`${ADL}asked`, 'help'],
  [`${VIDEO}played`, 'media'],
  [`${VIDEO}paused`, 'media'],
  [`${VIDEO}seeked`, 'media'],
  [`${ADL}initialized`, 'media'],
  [`${ADL}terminated`, 'media'],
  [`${ADL}interacted`, 'media'],
])

const V = 'https://w3id.org/xapi/video/extensions/'

/** IRIs that the adapter reads. */
export const IRI = {
  video: 'https://w3id.org/xapi/video/activity-type/video',
  course: 'http://adlnet.gov/expapi/activities/course',
  interaction: 'http://adlnet.gov/expapi/activities/cmi.interaction',
  question: 'http://adlnet.gov/expapi/activities/question',
  attempt: 'http://adlnet.gov/expapi/activities/attempt',
  objective: 'http://adlnet.gov/expapi/activities/objective',
  competency: 'https://w3id.org/xapi/tla/activity-types/competency',
  solution: 'http://id.tincanapi.com/activitytype/solution',
  attemptId: 'http://id.tincanapi.com/extension/attempt-id',
  openedxTransformer: 'https://w3id.org/xapi/openedx/extension/transformer-version',
  openedxSession: 'https://w3id.org/xapi/openedx/extensions/session-id',
  cmi5Session: 'https://w3id.org/xapi/cmi5/context/extensions/sessionid',
  cmi5LaunchMode: 'https://w3id.org/xapi/cmi5/context/extensions/launchmode',
  videoSession: `${V}session-id`,
  length: `${V}length`,
  time: `${V}time`,
  timeFrom: `${V}time-from`,
  progress: `${V}progress`,
  segments: `${V}played-segments`,
  /** Our own: knowledge components of the object, and the learner that a voiding statement is about. */
  topics: 'urn:mastery-stream:topics',
  learner: 'urn:mastery-stream:learner',
} as const
