/**
 * Feed -> topics -> numbered events. Every match is decided as the subscriber, and only permitted events get that
 * subscription's next number: what is withheld leaves nothing it can notice (the decision is audited).
 */
import type { Resource } from '../fhir/types.ts';
import { type FeedRow, readFeed } from '../store/feed.ts';
import { type Loop, startLoop } from '../store/loop.ts';
import type { Pool } from '../store/pool.ts';
import {
  commitStep,
  liveSubscriptions,
  type MatchedEvent,
  type MatchStep,
  positionOf,
  type SubscriptionSettings,
} from '../store/subscriptions.ts';
import type { EndpointPolicy } from './endpoint.ts';
import { createMatcher, type Matcher } from './match.ts';
import type { EventPorts, SubscriptionStatus } from './ports.ts';
import { disclosureEntry, undeliverableEntry } from './records.ts';
import { permitStop, whoHears } from './stops.ts';
import { LAPSED, parseSubscription, subscriberOf } from './subscription.ts';
import { type Topic, topicsOf } from './topics.ts';

export interface PumpOptions {
  pool: Pool;
  ports: EventPorts;
  policy: EndpointPolicy;
  /** Called after events were numbered or subscriptions changed: wakes the deliveries. */
  onNumbered: () => void;
  onError: (error: unknown) => void;
  /** Longest pause, milliseconds. */
  everyMs?: number;
  clock?: () => Date;
}

/** Name of the pump among the readers of the feed. */
export const READER = 'events';
/** Feed rows in one step. */
const STEP = 200;

/** Starts the pump of this process. Any number of processes may run one: a step counts only for the first to finish it. */
export function startPump(options: PumpOptions): Loop {
  const step = createPumpStep(options);
  return startLoop({ run: step, everyMs: options.everyMs ?? 250, debounceMs: 40, onError: options.onError });
}

/** One step of the pump as a function, for the loop and for tests; true when there may be more at once. */
export function createPumpStep(options: PumpOptions): () => Promise<boolean> {
  const { pool } = options;
  let matcher = createMatcher();
  /** The position up to which `matcher` is right; another process may have moved on since. */
  let known = -1;

  return async () => {
    const from = await positionOf(pool, READER);
    if (from !== known) {
      matcher = createMatcher();
      known = -1;
      for (const subscription of await liveSubscriptions(pool)) matcher.put(subscription);
    }
    const rows = await readFeed(pool, from, STEP);
    if (rows.length === 0) {
      known = from;
      return false;
    }
    // Until the step is stored the index is ahead of the tables: a failure on the way must read them again.
    known = -1;
    const { to, settings, events, failure } = await matchRows(options, matcher, { from, rows });
    if (to > from) {
      const step: MatchStep = { reader: READER, from, to, settings, events };
      if (!(await commitStep(pool, step))) return true;
      if (events.length > 0 || settings.length > 0) options.onNumbered();
    }
    if (failure) throw failure.error;
    known = to;
    return rows.length === STEP;
  };
}

interface Found {
  /** The last row that was looked at wholly. */
  to: number;
  settings: SubscriptionSettings[];
  events: MatchedEvent[];
  /** What stopped it before the end; what was found until then counts. */
  failure: { error: unknown } | null;
}

/** Goes through a stretch of the feed in order: a subscription hears of what comes after it. */
async function matchRows(
  options: PumpOptions,
  matcher: Matcher,
  { from, rows }: { from: number; rows: readonly FeedRow[] },
): Promise<Found> {
  const settings = new Map<string, SubscriptionSettings>();
  const events: MatchedEvent[] = [];
  const run: Run = { options, matcher, announced: new Map(), stopping: await options.ports.mayStop(rows) };
  let to = from;
  let failure: Found['failure'] = null;
  try {
    for (const row of rows) {
      if (row.type === 'Subscription') {
        const changed = await readSettings(options, row);
        matcher.put(changed);
        settings.set(changed.id, changed);
      } else {
        events.push(...(await matchRow(run, row)));
      }
      to = row.feedNo;
    }
  } catch (error) {
    failure = { error };
  }
  return { to, settings: [...settings.values()], events, failure };
}

interface Run {
  options: PumpOptions;
  matcher: Matcher;
  /** Who had what announced to it earlier in this stretch, by focus: numbered with it, so not in the tables yet. */
  announced: Map<string, Set<string>>;
  /** Feed numbers with which something may stop. */
  stopping: ReadonlySet<number>;
}

async function matchRow(run: Run, row: FeedRow): Promise<MatchedEvent[]> {
  const events: MatchedEvent[] = [];
  for (const topic of topicsOf(row.type)) {
    // Who must hear that something stops must hear it, whether or not anybody subscribed.
    if (topic.stop ? run.stopping.has(row.feedNo) : run.matcher.wants(topic))
      events.push(...(await matchTopic(run, { row, topic })));
  }
  return events;
}

async function matchTopic(run: Run, { row, topic }: { row: FeedRow; topic: Topic }): Promise<MatchedEvent[]> {
  const { ports } = run.options;
  const now = row.op === 'D' ? null : await ports.readVersion(row.type, row.id, row.version);
  if (!now || now.deleted) return [];
  const before = row.version > 1 ? await ports.readVersion(row.type, row.id, row.version - 1) : null;
  if (!topic.fires(now, before?.deleted ? null : before)) return [];
  const focus = topic.focus(now.resource);
  if (focus === null) return [];
  const [type = '', id = ''] = focus.split('/');
  // What stops is told whether or not it is still there.
  const isHere = topic.stop || focus === `${row.type}/${row.id}`;
  const about = isHere ? now.resource : await readFocus(ports, type, id);
  if (!about) return [];
  const events: MatchedEvent[] = [];
  for (const subscription of await addressees(run, topic, { about, focus, service: now.service })) {
    if (!(await permitted(run, topic, { subscription, focus }))) continue;
    events.push({ subscription: subscription.id, feedNo: row.feedNo, focusType: type, focusId: id, at: row.at });
  }
  return events;
}

/** Subscriptions an event is for: those whose filters hold; of a stop event, those whose client had the record. */
async function addressees(
  run: Run,
  topic: Topic,
  { about, focus, service }: { about: Resource; focus: string; service: string | null },
): Promise<SubscriptionSettings[]> {
  const found = run.matcher.find(topic, about);
  if (!topic.stop) return found;
  const [type = '', id = ''] = focus.split('/');
  const { pool } = run.options;
  const hears = new Set([...(await whoHears(pool, { type, id, service })), ...(run.announced.get(focus) ?? [])]);
  const reached = found.filter(({ subscriber }) => hears.has(subscriber));
  for (const { subscriber } of reached) hears.delete(subscriber);
  for (const client of hears) await notReached(run, client, focus);
  return reached;
}

/** whoever had the record and has no subscription to be told by must be told by a person. */
async function notReached({ options }: Run, client: string, focus: string): Promise<void> {
  const { ports, clock = () => new Date() } = options;
  const [type = '', id = ''] = focus.split('/');
  const now = clock();
  const standing = permitStop(await ports.decideAs(client, type, id, now));
  await ports.audit(undeliverableEntry({ client, focus, standing, now }));
}

/** Decides as the subscriber, now. What is withheld is recorded. */
async function permitted(
  { options, announced }: Run,
  topic: Topic,
  { subscription, focus }: { subscription: SubscriptionSettings; focus: string },
): Promise<boolean> {
  const { ports, clock = () => new Date() } = options;
  const [type = '', id = ''] = focus.split('/');
  const { id: name, endpoint, subscriber } = subscription;
  const now = clock();
  const decided = await ports.decideAs(subscriber, type, id, now);
  const standing = topic.stop ? permitStop(decided) : decided;
  if (standing.decision.permit) {
    if (!topic.stop) announced.set(focus, (announced.get(focus) ?? new Set<string>()).add(subscriber));
    return true;
  }
  const withheld = { number: null, outcome: 4, status: 0, detail: 'withheld' } as const;
  await ports.audit(disclosureEntry({ ...withheld, subscription: name, endpoint, focus, standing, now }));
  // R-04, H-27: a lapse that goes on in silence would stop referrals quietly. What stops is told all the same.
  const change = { status: 'error', error: LAPSED } as const;
  if (!topic.stop && decided.lapsed)
    await ports.setSubscriptionStatus({ id: name, version: subscription.version, ...change });
  return false;
}

async function readFocus(ports: EventPorts, type: string, id: string): Promise<Resource | null> {
  const read = await ports.readVersion(type, id, null);
  return read && !read.deleted ? read.resource : null;
}

/** The subscription as a version of its resource says. One that cannot be read or acts for nobody is off. */
async function readSettings(options: PumpOptions, row: FeedRow): Promise<SubscriptionSettings> {
  const off: SubscriptionSettings = {
    id: row.id,
    version: row.version,
    status: 'off',
    topic: '',
    subscriber: '',
    filters: [],
    endpoint: '',
    content: 'empty',
    timeoutMs: 0,
    heartbeatMs: null,
    ends: null,
  };
  const read = row.op === 'D' ? null : await options.ports.readVersion('Subscription', row.id, row.version);
  const subscriber = read && !read.deleted ? subscriberOf(read.resource) : null;
  if (!read || subscriber === null) return off;
  const status = STATUSES.find((one) => one === read.resource.status) ?? 'off';
  try {
    return { ...off, ...parseSubscription(read.resource, options.policy), subscriber, status };
  } catch (error) {
    // Written under an older list of hosts, or by import: nothing may be sent for it.
    options.onError(error);
    return off;
  }
}

const STATUSES: readonly SubscriptionStatus[] = ['requested', 'active', 'error', 'off'];
