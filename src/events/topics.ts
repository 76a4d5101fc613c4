/** The topics: what fires them, what they are about, and how a subscription may narrow them (domain.md 4.8). */
import { isObject } from '../fhir/resource.ts';
import type { Resource } from '../fhir/types.ts';
import type { VersionRead } from './ports.ts';

export const CANON = 'https://tandem.example/fhir';
const REFERRAL_STATE = `${CANON}/CodeSystem/referral-state`;
const TASK_KIND = `${CANON}/CodeSystem/jv-task`;

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

// No filters: a filter over what a record says today (its performer, say) would silence whoever had it before a move.
const PREGNANCY_ENDED: Topic = {
  code: 'pregnancy-ended',
  url: `${CANON}/SubscriptionTopic/pregnancy-ended`,
  title: 'A pregnancy ended of which the subscriber had received the referral',
  triggers: ['Task'],
  fires: (now, before) => turns(now, before, (task) => isInState(task, 'pregnancy-ended')),
  focus: (task) => referenceOf(task.focus, 'ServiceRequest'),
  focusType: 'ServiceRequest',
  filters: {},
  stop: true,
  emptyOnly: true,
};

const STOP: Topic = {
  code: 'stop',
  url: `${CANON}/SubscriptionTopic/stop`,
  title: 'What the subscriber had received was withdrawn or entered in error',
  triggers: ['Task', 'ServiceRequest', 'CarePlan'],
  fires: (now, before) => turns(now, before, isStopped),
  focus: (resource) =>
    resource.resourceType === 'Task'
      ? referenceOf(resource.focus, 'ServiceRequest')
      : `${resource.resourceType}/${resource.id}`,
  focusType: 'ServiceRequest',
  filters: {},
  stop: true,
};

/** All topics that exist; the CapabilityStatement lists these and no other. */
export const TOPICS: readonly Topic[] = [ANTENATAL_REFERRAL, CARE_PLAN_CHANGED, PREGNANCY_ENDED, STOP];

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
  if (!hasCoding(task.code, TASK_KIND, 'triage-referral')) return false;
  const state = codes(task.businessStatus, REFERRAL_STATE);
  // A sender that leaves the business status out says it by the status: 1.3 pairs `requested` with `received`.
  return state.length === 0 ? task.status === 'requested' : state.some((code) => RELEASED.has(code));
}

/** True when this version is so and the one before it was not. */
function turns(now: VersionRead, before: VersionRead | null, is: (resource: Resource) => boolean): boolean {
  return is(now.resource) && !(before && is(before.resource));
}

/** A referral's Task that was withdrawn, or anything that was entered in error. */
function isStopped(resource: Resource): boolean {
  if (resource.resourceType !== 'Task') return resource.status === 'entered-in-error';
  const isReferral = hasCoding(resource.code, TASK_KIND, 'triage-referral');
  return isReferral && (resource.status === 'entered-in-error' || isInState(resource, 'withdrawn'));
}

function isInState(task: Resource, state: string): boolean {
  return hasCoding(task.code, TASK_KIND, 'triage-referral') && hasCoding(task.businessStatus, REFERRAL_STATE, state);
}

function hasCoding(concept: unknown, system: string, code: string): boolean {
  return codes(concept, system).includes(code);
}

function codes(concept: unknown, system: string): string[] {
  const codings = isObject(concept) && Array.isArray(concept.coding) ? concept.coding : [];
  return codings.flatMap((coding) =>
    isObject(coding) && coding.system === system && typeof coding.code === 'string' ? [coding.code] : [],
  );
}

function references(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).flatMap((one) => {
    const reference = referenceOf(one, null);
    return reference === null ? [] : [reference];
  });
}

/** `Type/id` of a literal reference, version and server taken off; null for logical ones and for other types. */
function referenceOf(value: unknown, type: string | null): string | null {
  const text = isObject(value) && typeof value.reference === 'string' ? value.reference : '';
  const match = /(?:^|\/)([A-Z][A-Za-z]+)\/([A-Za-z0-9.-]{1,64})(?:\/_history\/[A-Za-z0-9.-]+)?$/.exec(text);
  if (!match || (type !== null && match[1] !== type)) return null;
  return `${match[1]}/${match[2]}`;
}
