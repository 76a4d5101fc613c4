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
  /** Resource type whose changes are looked at. */
  trigger: string;
  /** Whether this version, after the one before it (null = none or deleted), fires the topic. */
  fires(now: VersionRead, before: VersionRead | null): boolean;
  /** `Type/id` the event is about, from the triggering version; null = nothing to tell. */
  focus(resource: Resource): string | null;
  /** Type named before `?` in a filter: the focus. */
  focusType: string;
  /** Filter parameters, each with the values a focus has for it. References are `Type/id`. */
  filters: Readonly<Record<string, (focus: Resource) => string[]>>;
}

const ANTENATAL_REFERRAL: Topic = {
  code: 'antenatal-referral',
  url: `${CANON}/SubscriptionTopic/antenatal-referral`,
  title: 'An antenatal referral has been released to its addressee',
  // The state of a referral is its Task's business status (domain.md 1.3); a ServiceRequest alone is not yet released.
  trigger: 'Task',
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
  trigger: 'CarePlan',
  fires: (now) => now.dataClass === 'plan',
  focus: (plan) => (typeof plan.id === 'string' ? `CarePlan/${plan.id}` : null),
  focusType: 'CarePlan',
  filters: {
    subject: (plan) => references(plan.subject),
    patient: (plan) => references(plan.subject),
    'care-team': (plan) => references(plan.careTeam),
  },
};

/** All topics that exist; the CapabilityStatement lists these and no other. */
export const TOPICS: readonly Topic[] = [ANTENATAL_REFERRAL, CARE_PLAN_CHANGED];

const BY_URL = new Map(TOPICS.map((topic) => [topic.url, topic]));
const BY_TRIGGER = Map.groupBy(TOPICS, (topic) => topic.trigger);

/** A topic by its canonical, or undefined. */
export function topicByUrl(url: string): Topic | undefined {
  return BY_URL.get(url);
}

/** Topics that look at changes of a resource type. */
export function topicsOf(type: string): readonly Topic[] {
  return BY_TRIGGER.get(type) ?? [];
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
