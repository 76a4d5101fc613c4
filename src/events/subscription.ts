/** A Subscription of the R5 backport IG 1.1.0, parsed and checked: what is not supported is refused, never ignored. */

import { Outcome, type OutcomeIssue } from '../fhir/outcome.ts';
import { isObject } from '../fhir/resource.ts';
import type { JsonObject, Resource } from '../fhir/types.ts';
import { type EndpointPolicy, endpointFault } from './endpoint.ts';
import { CANON, TOPICS, type Topic, topicByUrl } from './topics.ts';

const IG = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/';
const FILTER = `${IG}backport-filter-criteria`;
const CONTENT = `${IG}backport-payload-content`;
const HEARTBEAT = `${IG}backport-heartbeat-period`;
const TIMEOUT = `${IG}backport-timeout`;
const MAX_COUNT = `${IG}backport-max-count`;
/** What a client reads in its Subscription when the last agreement behind it has ended. */
export const LAPSED = 'The agreement behind this subscription has ended.';

/** Ours: the OAuth client the subscription acts for; written by the service, whatever the client sends. */
const SUBSCRIBER = `${CANON}/StructureDefinition/subscription-subscriber`;

export type Content = 'empty' | 'id-only';

/** One `param=value,value` of a filter: any of the values; all filters of a subscription must hold. */
export interface Filter {
  param: string;
  values: string[];
}

export interface ParsedSubscription {
  topic: string;
  filters: Filter[];
  endpoint: string;
  content: Content;
  timeoutMs: number;
  heartbeatMs: number | null;
  /** Instant after which nothing is sent, or null. */
  ends: string | null;
}

const DEFAULT_TIMEOUT = 10;
const MAX_TIMEOUT = 20;
const MIN_HEARTBEAT = 10;

/**
 * Reads a Subscription and checks everything about it.
 * @throws Outcome 422 with one issue for each thing that is not supported or not allowed, each with its FHIRPath
 */
export function parseSubscription(resource: Resource, policy: EndpointPolicy): ParsedSubscription {
  const faults: OutcomeIssue[] = [];
  const fault: Fault = (expression, diagnostics, code = 'not-supported') => {
    faults.push({ severity: 'error', code, diagnostics, expression: `Subscription.${expression}` });
  };
  const topic = readTopic(resource, fault);
  const channel = object(resource.channel);
  const parsed: ParsedSubscription = {
    topic: topic?.url ?? '',
    filters: readFilters(resource, topic, fault),
    endpoint: readEndpoint(channel, policy, fault),
    content: readContent(channel, topic, fault),
    ...readChannelExtensions(channel, fault),
    ends: typeof resource.end === 'string' ? resource.end : null,
  };
  if (channel.type !== 'rest-hook') fault('channel.type', 'Only rest-hook is supported.');
  if (channel._type !== undefined) fault('channel.type.extension', 'No other channel types are supported.');
  if (channel.header !== undefined) fault('channel.header', 'Headers are refused: no tokens in a Subscription.');
  if (faults.length > 0) throw new Outcome(422, faults);
  return parsed;
}

/**
 * The write guard: checks a client's Subscription and stamps who it acts for. Changes `resource` in place.
 * A client may ask for `requested` or `off`; `active` and `error` are the service's to set.
 * @throws Outcome 422
 */
export function guardSubscription(resource: Resource, clientId: string, policy: EndpointPolicy): void {
  const status = resource.status;
  if (status !== 'requested' && status !== 'off') {
    const diagnostics =
      'Send requested (also to start again after an error) or off; the service sets active and error.';
    throw new Outcome(422, [{ severity: 'error', code: 'value', diagnostics, expression: 'Subscription.status' }]);
  }
  parseSubscription(resource, policy);
  if (resource.end !== undefined && !(Date.parse(String(resource.end)) > Date.now())) {
    const diagnostics = 'The end is in the past.';
    throw new Outcome(422, [{ severity: 'error', code: 'value', diagnostics, expression: 'Subscription.end' }]);
  }
  const others = list(resource.extension).filter((extension) => object(extension).url !== SUBSCRIBER);
  resource.extension = [...others, { url: SUBSCRIBER, valueString: clientId }];
}

/** The client a stored Subscription acts for; null when it has none (then nothing is ever sent). */
export function subscriberOf(resource: Resource): string | null {
  const found = list(resource.extension)
    .map(object)
    .find((extension) => extension.url === SUBSCRIBER);
  return typeof found?.valueString === 'string' ? found.valueString : null;
}

type Fault = (expression: string, diagnostics: string, code?: string) => void;

function readTopic(resource: Resource, fault: Fault): Topic | undefined {
  const topic = topicByUrl(String(resource.criteria ?? ''));
  if (!topic)
    fault('criteria', `The criteria is the canonical of a topic: ${TOPICS.map(({ url }) => url).join(', ')}.`);
  return topic;
}

function readFilters(resource: Resource, topic: Topic | undefined, fault: Fault): Filter[] {
  const filters: Filter[] = [];
  for (const [i, raw] of list(object(resource._criteria).extension).entries()) {
    const extension = object(raw);
    const where = `criteria.extension[${i}]`;
    if (extension.url !== FILTER) {
      fault(where, 'Only backport-filter-criteria is supported here.');
      continue;
    }
    if (!topic) continue;
    if (topic.stop) {
      fault(where, 'Stop events are not narrowed: they go to whoever had the record.');
      continue;
    }
    const [type, query] = String(extension.valueString ?? '').split('?');
    if (type !== topic.focusType || !query) {
      fault(where, `A filter of this topic has the form ${topic.focusType}?parameter=value.`);
      continue;
    }
    for (const [param, value] of new URLSearchParams(query)) readFilter({ topic, param, value, where, filters, fault });
  }
  return filters;
}

function readFilter(one: {
  topic: Topic;
  param: string;
  value: string;
  where: string;
  filters: Filter[];
  fault: Fault;
}) {
  const { topic, param, value, where, filters, fault } = one;
  if (!Object.hasOwn(topic.filters, param)) {
    return fault(where, `This topic can be narrowed by ${Object.keys(topic.filters).join(', ')}, without modifiers.`);
  }
  const values = value
    .split(',')
    .map((text) => (param === 'patient' && !text.includes('/') ? `Patient/${text}` : text));
  if (values.some((text) => !/^[A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64}$/.test(text))) {
    return fault(where, 'A filter value is a reference, Type/id.', 'value');
  }
  filters.push({ param, values });
}

function readEndpoint(channel: JsonObject, policy: EndpointPolicy, fault: Fault): string {
  const endpoint = channel.endpoint;
  if (typeof endpoint !== 'string') {
    fault('channel.endpoint', 'A rest-hook needs an endpoint.', 'required');
    return '';
  }
  const why = endpointFault(endpoint, policy);
  if (why) fault('channel.endpoint', `The endpoint ${why}.`, 'business-rule');
  return endpoint;
}

function readContent(channel: JsonObject, topic: Topic | undefined, fault: Fault): Content {
  if (channel.payload !== 'application/fhir+json') {
    fault('channel.payload', 'The payload is application/fhir+json.');
  }
  const extensions = list(object(channel._payload).extension).map(object);
  const content = extensions[0]?.valueCode;
  if (extensions.length !== 1 || extensions[0]?.url !== CONTENT) {
    fault(
      'channel.payload.extension',
      'Exactly one backport-payload-content is required: id-only or empty.',
      'required',
    );
  } else if (content === 'full-resource') {
    fault('channel.payload.extension', 'full-resource is refused: notifications carry ids at most; read what you may.');
  } else if (content !== 'id-only' && content !== 'empty') {
    fault('channel.payload.extension', 'The payload content is id-only or empty.', 'value');
  }
  if (topic?.emptyOnly && content === 'id-only') {
    fault('channel.payload.extension', `Notifications of ${topic.code} carry nothing: the payload content is empty.`);
  }
  return content === 'empty' ? 'empty' : 'id-only';
}

function readChannelExtensions(channel: JsonObject, fault: Fault): { timeoutMs: number; heartbeatMs: number | null } {
  let timeout = DEFAULT_TIMEOUT;
  let heartbeat: number | null = null;
  for (const [i, raw] of list(channel.extension).entries()) {
    const { url, ...value } = object(raw);
    const where = `channel.extension[${i}]`;
    const seconds = Number(value.valueUnsignedInt ?? value.valuePositiveInt ?? Number.NaN);
    if (url === HEARTBEAT) {
      if (!(seconds >= MIN_HEARTBEAT))
        fault(where, `The heartbeat period is ${MIN_HEARTBEAT} seconds or more.`, 'value');
      heartbeat = seconds;
    } else if (url === TIMEOUT) {
      if (!(seconds >= 1 && seconds <= MAX_TIMEOUT))
        fault(where, `The timeout is 1 to ${MAX_TIMEOUT} seconds.`, 'value');
      timeout = seconds;
    } else if (url === MAX_COUNT) {
      // Each notification carries one event, which is within any maximum.
      if (!(seconds >= 1)) fault(where, 'The maximum count is 1 or more.', 'value');
    } else {
      fault(where, 'Supported are backport-heartbeat-period, backport-timeout and backport-max-count.');
    }
  }
  return { timeoutMs: timeout * 1_000, heartbeatMs: heartbeat === null ? null : heartbeat * 1_000 };
}

function object(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

function list(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.map(object) : [];
}
