/** The topics: what fires them, what they are about, and how a subscription may narrow them (domain.md 4.8). */
import type { Resource } from '../fhir/types.ts';
import type { VersionRead } from './ports.ts';
import { stopReason } from './stop-reasons.ts';
import { CANON, isReferralTask, referenceOf, statesOf } from './task-state.ts';

export { CANON } from './task-state.ts';

export interface Topic {
  code: string;
  url: string;
  title: string;
  /** Resource types whose changes are looked at. */
  triggers: readonly string[];
  /** Whether this version, after the one before it (null = none or deleted), fires the topic. */
  fires(now: VersionRead, before: VersionRead | null): boolean;
  /** `Type/id` the event is about, from the triggering version; null = nothing to tell. */
  focus(resource: Resource): string | null;
  /** Type named before `?` in a filter: the focus. */
  focusType: string;
  /** Filter parameters, each with the values a focus has for it. References are `Type/id`. */
  filters: Readonly<Record<string, (focus: Resource) => string[]>>;
  /** goes to whoever had the record earlier, whatever other rules say now, and to nobody else (`stops.ts`). */
  stop?: true;
  /** Only subscriptions of payload content `empty` are taken. */
  emptyOnly?: true;
}

const ANTENATAL_REFERRAL: Topic = {
  code: 'antenatal-referral',
  url: `${CANON}/SubscriptionTopic/antenatal-referral`,
  title: 'An antenatal referral has been released to its addressee',
  // The state of a referral is its Task's business status (domain.md 1.3); a ServiceRequest alone is not yet released.
  triggers: ['Task'],
  fires: (now, before) => isReleased(now.resource) && !(before && isReleased(before.resource)),
  focus: (task) => referenceOf(task.focus, 'ServiceRequest'),
  focusType: 'ServiceRequest',
  filters: {
    performer: (request) => references(request.performer),
    subject: (request) => references(request.subject),
    patient: (request) => references(request.subject),
  },
};

const CARE_PLAN_CHANGED: Topic = {
  code: 'care-plan-changed',
  url: `${CANON}/SubscriptionTopic/care-plan-changed`,
  title: 'A shared care plan was made or changed',
  triggers: ['CarePlan'],
  fires: (now) => now.dataClass === 'plan',
  focus: (plan) => (typeof plan.id === 'string' ? `CarePlan/${plan.id}` : null),
  focusType: 'CarePlan',
  filters: {
    subject: (plan) => references(plan.subject),
    patient: (plan) => references(plan.subject),
    'care-team': (plan) => references(plan.careTeam),
  },
};

// 4.8: R, and empty: that there is something for safeguarding, not for whom. Decided as the subscriber like any other.
const SAFEGUARDING_FLAG: Topic = {
  code: 'safeguarding-flag',
  url: `${CANON}/SubscriptionTopic/safeguarding-flag`,
  title: 'A safeguarding flag was raised or changed',
  triggers: ['Flag'],
  fires: (now) => now.dataClass === 'safeguarding-flag' && now.resource.status !== 'entered-in-error',
  focus: (flag) => (typeof flag.id === 'string' ? `Flag/${flag.id}` : null),
  focusType: 'Flag',
  filters: {},
  emptyOnly: true,
};

// No filters: a filter over what a record says today (its performer, say) would silence whoever had it before a move.
const PREGNANCY_ENDED: Topic = {
  code: 'pregnancy-ended',
  url: `${CANON}/SubscriptionTopic/pregnancy-ended`,
  title: 'A pregnancy ended of which the subscriber had received the referral',
  triggers: ['Task'],
  fires: (now, before) => stopReason(now.resource, before?.resource ?? null) === 'pregnancy-ended',
  focus: (task) => referenceOf(task.focus, 'ServiceRequest'),
  focusType: 'ServiceRequest',
  filters: {},
  stop: true,
  emptyOnly: true,
};

const STOP: Topic = {
  code: 'stop',
  url: `${CANON}/SubscriptionTopic/stop`,
  title: 'What the subscriber had received was withdrawn, entered in error, moved, superseded, restricted or undone',
  // Whatever a client of another service may have received about a person.
  triggers: [
    ...[
      'Patient',
      'ServiceRequest',
      'Task',
      'CarePlan',
      'Goal',
      'CareTeam',
      'Encounter',
      'EpisodeOfCare',
      'Appointment',
    ],
    ...[
      'Observation',
      'Condition',
      'RiskAssessment',
      'QuestionnaireResponse',
      'Flag',
      'DocumentReference',
      'Composition',
    ],
    ...['Communication', 'Procedure', 'Immunization', 'AllergyIntolerance', 'DiagnosticReport', 'MedicationStatement'],
  ],
  fires: (now, before) => {
    const reason = stopReason(now.resource, before?.resource ?? null);
    return reason !== null && reason !== 'pregnancy-ended';
  },
  focus: (resource) =>
    isReferralTask(resource)
      ? referenceOf(resource.focus, 'ServiceRequest')
      : `${resource.resourceType}/${resource.id}`,
  focusType: 'ServiceRequest',
  filters: {},
  stop: true,
};

/** All topics that exist; the CapabilityStatement lists these and no other. */
export const TOPICS: readonly Topic[] = [
  ANTENATAL_REFERRAL,
  CARE_PLAN_CHANGED,
  SAFEGUARDING_FLAG,
  PREGNANCY_ENDED,
  STOP,
];

const BY_URL = new Map(TOPICS.map((topic) => [topic.url, topic]));
/** Canonicals of the topics that carry stop events. */
export const STOP_TOPICS: readonly string[] = TOPICS.filter(({ stop }) => stop).map(({ url }) => url);

/** A topic by its canonical, or undefined. */
export function topicByUrl(url: string): Topic | undefined {
  return BY_URL.get(url);
}

/** Topics that look at changes of a resource type. */
export function topicsOf(type: string): readonly Topic[] {
  return TOPICS.filter(({ triggers }) => triggers.includes(type));
}

/** States in which the addressee knows of the referral: everything from `received` on that was not cut off before. */
const RELEASED: ReadonlySet<string> = new Set([
  'received',
  'opened',
  'accepted',
  'triaged',
  'scheduled',
  'visited',
  'plan-agreed',
]);

/** True when a triage Task of a referral is released: `held` and the ended states are not (R-06 c). */
function isReleased(task: Resource): boolean {
  if (!isReferralTask(task)) return false;
  const state = statesOf(task);
  // A sender that leaves the business status out says it by the status: 1.3 pairs `requested` with `received`.
  return state.length === 0 ? task.status === 'requested' : state.some((code) => RELEASED.has(code));
}

function references(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).flatMap((one) => {
    const reference = referenceOf(one, null);
    return reference === null ? [] : [reference];
  });
}
