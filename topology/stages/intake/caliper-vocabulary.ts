const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

const ORGANISATIONS = 'Organization CourseOffering CourseSection Group'
const AGENTS = `Agent Person SoftwareApplication ${ORGANISATIONS}`
const MEDIA = 'MediaObject AudioObject VideoObject ImageObject'
const ASSIGNABLES = 'AssignableDigitalResource Assessment AssessmentItem'
const RESOURCES = `DigitalResource DigitalResourceCollection Document Chapter Page Frame WebPage Link LtiLink Forum Thread Message
  Reading EpubChapter EpubPart EpubSubChapter EpubVolume MediaLocation Questionnaire QuestionnaireItem Survey ${MEDIA} ${ASSIGNABLES}`
const QUESTIONS = 'Question DateTimeQuestion MultiselectQuestion OpenEndedQuestion RatingScaleQuestion'
const RESPONSES = `Response DateTimeResponse FillinBlankResponse MultipleChoiceResponse MultipleResponseResponse MultiselectResponse
  OpenEndedResponse RatingScaleResponse SelectTextResponse TrueFalseResponse SearchResponse`
const SCALES = 'Scale LikertScale MultiselectScale NumericScale'
const ANNOTATIONS = 'Annotation BookmarkAnnotation HighlightAnnotation SharedAnnotation TagAnnotation'
const OTHERS = `Entity AggregateMeasure AggregateMeasureCollection Attempt Collection Comment LearningObjective LtiSession Membership Query
  Rating Result Score Session SurveyInvitation SystemIdentifier TextPositionSelector`

// Open edX writes Webpage for WebPage.
const every = words(`Webpage ${AGENTS} ${RESOURCES} ${QUESTIONS} ${RESPONSES} ${SCALES} ${ANNOTATIONS} ${OTHERS}`)
const people = words(AGENTS)
const things: ReadonlySet<string> = new Set([...every].filter((t) => !people.has(t)))
const places: ReadonlySet<string> = new Set([...things, 'SoftwareApplication'])

/** Types of entities in Caliper 1.1 and 1.2. */
export const ENTITIES = every

export type FieldKind = 'text' | 'time' | 'duration' | 'number' | 'boolean' | 'list' | 'texts' | 'object'

const KINDS: Readonly<Record<FieldKind, string>> = {
  text: `name description storageName mediaType courseNumber academicSession bookmarkNotes selectionText comment body volumeMin
    volumeMax volumeLevel minLabel maxLabel questionPosed host userAgent ipAddress identifier searchTerms metric`,
  time: `dateCreated dateModified datePublished dateToActivate dateToShow dateToStartOn dateToSubmit dateToCompletion dateSent
    startedAtTime endedAtTime minDateTime maxDateTime dateTimeSelected eventTime`,
  duration: 'duration currentTime',
  number: `maxScore scoreGiven maxAttempts maxSubmits metricValue maxMetricValue resultScore maxResultScore count index minValue
    maxValue step scalePoints minSelections maxSelections sentCount searchResultsItemCount start end points weight`,
  boolean: 'isTimeDependent muted isOrderedSelection',
  list: 'creators learningObjectives otherIdentifiers members attachments withAgents items',
  texts: 'keywords roles values itemLabels itemValues categories selections tags',
  object: 'extensions messageParameters',
}

/** What a field holds wherever it stands. */
export const FIELDS: ReadonlyMap<string, FieldKind> = new Map(
  Object.entries(KINDS).flatMap(([kind, names]) => [...words(names)].map((n) => [n, kind as FieldKind] as const)),
)

/** Types of the entities that a field may refer to, wherever it stands; an IRI in place of the entity is always allowed. */
export const REFERENCES: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['actor', people],
  ['assignee', people],
  ['annotator', people],
  ['edApp', words('SoftwareApplication')],
  ['group', words(ORGANISATIONS)],
  ['organization', words(ORGANISATIONS)],
  ['subOrganizationOf', words(ORGANISATIONS)],
  ['membership', words('Membership')],
  ['session', words('Session LtiSession')],
  ['federatedSession', words('LtiSession')],
  ['source', words('SoftwareApplication')],
  ['assignable', words(`${ASSIGNABLES} DigitalResource`)],
  ['annotated', things],
  ['attempt', words('Attempt')],
  ['query', words('Query')],
  ['question', words(QUESTIONS)],
  ['ratingComment', words('Comment')],
  ['isPartOf', new Set([...things, ...words(ORGANISATIONS)])],
  ['referrer', places],
  ['target', places],
  ['generated', things],
])

/** Types of the entries of `items`, by the type that has them; others hold any entity. */
export const ITEMS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['AggregateMeasureCollection', words('AggregateMeasure')],
  ['Assessment', words('AssessmentItem')],
  ['DigitalResourceCollection', words(RESOURCES)],
  ['Forum', words('Thread')],
  ['Thread', words('Message')],
  ['Questionnaire', words('QuestionnaireItem')],
  ['Survey', words('Questionnaire')],
])

/** Types of the entries of other lists. */
export const ENTRIES: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['attachments', words(RESOURCES)],
  ['members', people],
  ['withAgents', people],
  ['creators', people],
  ['learningObjectives', words('LearningObjective')],
])

/** Fields that a type cannot be without. */
export const NEEDED: ReadonlyMap<string, readonly string[]> = new Map([['AggregateMeasure', ['metric', 'metricValue']]])

export interface EventSpec {
  actions: ReadonlySet<string>
  objects: ReadonlySet<string>
  needs?: string
}

const PLAYER = `Started Ended Paused Resumed Restarted ForwardedTo JumpedTo ChangedResolution ChangedSize ChangedSpeed ChangedVolume
  EnabledClosedCaptioning DisabledClosedCaptioning EnteredFullScreen ExitedFullScreen Muted Unmuted OpenedPopout ClosedPopout`
const MANAGED = `Archived Copied Created Deleted Described Downloaded Modified Printed Published Restored Retrieved Saved Unpublished
  Uploaded`
const spec = (actions: string, objects: string | ReadonlySet<string>, needs?: string): EventSpec => ({
  actions: words(actions),
  objects: typeof objects === 'string' ? words(objects) : objects,
  ...(needs === undefined ? {} : { needs }),
})

/** Event types with their actions and the types of their objects. `Event` itself takes any. */
export const EVENTS: ReadonlyMap<string, EventSpec> = new Map([
  ['AnnotationEvent', spec('Annotated Bookmarked Highlighted Shared Tagged', things)],
  ['AssessmentEvent', spec('Started Paused Resumed Restarted Reset Submitted', 'Assessment Attempt AssessmentItem')],
  ['AssessmentItemEvent', spec('Started Skipped Completed', 'AssessmentItem Attempt')],
  ['AssignableEvent', spec('Activated Deactivated Started Completed Submitted Reviewed', `${RESOURCES} Attempt`)],
  ['FeedbackEvent', spec('Commented Ranked', every)],
  ['ForumEvent', spec('Subscribed Unsubscribed', 'Forum')],
  ['GradeEvent', spec('Graded', 'Attempt')],
  ['MediaEvent', spec(PLAYER, MEDIA)],
  ['MessageEvent', spec('Posted MarkedAsRead MarkedAsUnread', 'Message')],
  ['NavigationEvent', spec('NavigatedTo', places)],
  ['QuestionnaireEvent', spec('Started Submitted', 'Questionnaire')],
  ['QuestionnaireItemEvent', spec('Started Skipped Completed', 'QuestionnaireItem')],
  ['ResourceManagementEvent', spec(MANAGED, RESOURCES)],
  ['SearchEvent', spec('Searched', places)],
  ['SessionEvent', spec('LoggedIn LoggedOut TimedOut', 'Session SoftwareApplication')],
  ['SurveyEvent', spec('OptedIn OptedOut', 'Survey')],
  ['SurveyInvitationEvent', spec('Accepted Declined Sent', 'SurveyInvitation')],
  ['ThreadEvent', spec('Created MarkedAsRead MarkedAsUnread', 'Thread')],
  ['ToolLaunchEvent', spec('Launched Returned', 'SoftwareApplication Link LtiLink', 'federatedSession')],
  ['ToolUseEvent', spec('Used', 'SoftwareApplication')],
  ['ViewEvent', spec('Viewed', things)],
])
