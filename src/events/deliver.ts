/**
 * Ordered delivery. A lease for each subscription; the next number only, never the one after it. Every event is decided
 * again at the moment of sending: what is no longer permitted goes out as `empty`, under its number. Intent is audited
 * before the send and the outcome after it; a crash between repeats the same number.
 */
import { randomUUID } from 'node:crypto';
import {
  claimDue,
  type Lease,
  markAlive,
  markDead,
  markFailed,
  markSent,
  markStatus,
  releaseLease,
  renewLease,
} from '../store/leases.ts';
import { startLoop } from '../store/loop.ts';
import type { Pool } from '../store/pool.ts';
import { eventsBetween, type NumberedEvent, type SubscriptionState } from '../store/subscriptions.ts';
import { type NotificationKind, notificationBundle } from './bundles.ts';
import type { EventPorts, Standing, SubscriptionStatus } from './ports.ts';
import { disclosureEntry, UNDELIVERABLE } from './records.ts';
import type { Sender, Sent } from './send.ts';
import { decideEvent } from './stops.ts';
import { LAPSED } from './subscription.ts';

export interface DeliveryOptions {
  pool: Pool;
  ports: EventPorts;
  sender: Sender;
  onError: (error: unknown) => void;
  /** Session lock of this process (`store/wake.ts`), so that its leases end with it; default: they end by time. */
  living?: () => string | null;
  /** Subscriptions served at once by this process. */
  concurrency?: number;
  /** Longest pause, milliseconds. */
  everyMs?: number;
  /** First pause after a failure; doubles up to `maxPauseMs`, each with jitter. */
  basePauseMs?: number;
  maxPauseMs?: number;
  /** Milliseconds after the first failure when an event becomes a dead letter and the subscription `error`. */
  giveUpMs?: number;
  clock?: () => Date;
}

export interface Deliveries {
  wake(): void;
  /** Gives what is being sent 3 s to come to its end, breaks the rest off, then stops. Closes the sender. */
  stop(): Promise<void>;
}

const DAY = 86_400_000;
/** Beyond the send's own timeout: time for the decision, the audit records and the note that it went out. */
const LEASE_SLACK = 15_000;
const BATCH = 50;
const STOP_PATIENCE = 3_000;

/** Starts the deliveries of this process; any number of processes may run them. */
export function startDeliveries(options: DeliveryOptions): Deliveries {
  const { pool, concurrency = 4, living = () => null } = options;
  const running = new Set<Promise<void>>();
  let stopping = false;
  const loop = startLoop({
    everyMs: options.everyMs ?? 250,
    onError: options.onError,
    run: async () => {
      while (running.size < concurrency && !stopping) {
        const owner = randomUUID();
        const due = await claimDue(pool, { owner, leaseMs: LEASE_SLACK, living: living() });
        if (!due) return false;
        const serving = serve(options, due, { subscription: due.state.id, owner }, () => stopping)
          .catch(options.onError)
          .then(() => {
            running.delete(serving);
            loop.wake();
          });
        running.add(serving);
      }
      return false;
    },
  });
  return {
    wake: loop.wake,
    stop: async () => {
      stopping = true;
      await loop.stop();
      const done = Promise.all(running);
      const patience = setTimeout(() => void options.sender.close(), STOP_PATIENCE);
      await done;
      clearTimeout(patience);
      await options.sender.close();
    },
  };
}

/** Does what is due for one subscription, until it is done, fails, or the lease is lost. */
async function serve(
  options: DeliveryOptions,
  due: { state: SubscriptionState; ended: boolean },
  lease: Lease,
  stopping: () => boolean,
): Promise<void> {
  const { state } = due;
  try {
    if (due.ended) {
      await setStatus(options, state, lease, { status: 'off', error: 'The end of the subscription has passed.' });
    } else if (state.status === 'requested') {
      await handshake(options, state, lease);
    } else if (state.delivered === state.lastNumber) {
      const sent = await post(options, state, { kind: 'heartbeat', number: state.lastNumber, event: null });
      if (sent.ok) await markAlive(options.pool, lease);
      else await markFailed(options.pool, lease, pause(options, state.attempts));
    } else {
      await deliver(options, state, lease, stopping);
    }
  } catch (error) {
    // The database or a port failed: the same number is tried again soon, nothing is skipped.
    await markFailed(options.pool, lease, pause(options, state.attempts)).catch(() => 0);
    throw error;
  } finally {
    await releaseLease(options.pool, lease).catch(() => {});
  }
}

/** `requested` -> a handshake that is answered 2xx -> `active`, else `error`; only the client starts it again. */
async function handshake(options: DeliveryOptions, state: SubscriptionState, lease: Lease): Promise<void> {
  const sent = await post(options, state, { kind: 'handshake', number: state.lastNumber, event: null });
  if (sent.ok) {
    await markAlive(options.pool, lease);
    await setStatus(options, state, lease, { status: 'active', error: null });
  } else {
    await setStatus(options, state, lease, { status: 'error', error: `The handshake failed: ${sent.detail}.` });
  }
}

async function deliver(
  options: DeliveryOptions,
  state: SubscriptionState,
  lease: Lease,
  stopping: () => boolean,
): Promise<void> {
  const range = { subscription: state.id, from: state.delivered + 1, to: state.lastNumber, limit: BATCH };
  let attempts = state.attempts;
  for (const event of await eventsBetween(options.pool, range)) {
    if (stopping() || !(await renewLease(options.pool, lease, state.timeoutMs + LEASE_SLACK))) return;
    const result = await deliverOne(options, state, lease, event);
    if (result !== 'failed') {
      attempts = 0;
      if (result === 'ended') return;
      continue;
    }
    const failing = await markFailed(options.pool, lease, pause(options, attempts));
    if (failing >= (options.giveUpMs ?? DAY)) {
      await markDead(options.pool, lease, event.number);
      await recordDead(options, state, event);
      const error = `Event ${event.number} could not be delivered; it waits. Send status requested to start again.`;
      await setStatus(options, state, lease, { status: 'error', error });
    }
    return;
  }
}

/** what was given up is for people to tell. */
async function recordDead(options: DeliveryOptions, state: SubscriptionState, event: NumberedEvent): Promise<void> {
  const { topic, subscriber, id: subscription, endpoint } = state;
  const now = (options.clock ?? (() => new Date()))();
  const asked = { topic, subscriber, type: event.focusType, id: event.focusId, now };
  const { standing } = await decideEvent(options.pool, options.ports, asked);
  const focus = `${event.focusType}/${event.focusId}`;
  const told = { subscription, number: event.number, endpoint, focus, standing, now };
  await options.ports.audit(disclosureEntry({ ...told, detail: UNDELIVERABLE, outcome: 8, status: 0 }));
}

async function deliverOne(
  options: DeliveryOptions,
  state: SubscriptionState,
  lease: Lease,
  event: NumberedEvent,
): Promise<'sent' | 'failed' | 'ended'> {
  const { pool, ports, clock = () => new Date() } = options;
  const focus = `${event.focusType}/${event.focusId}`;
  const { topic, subscriber } = state;
  const asked = { topic, subscriber, type: event.focusType, id: event.focusId, now: clock() };
  const { standing, named } = await decideEvent(pool, ports, asked);
  const record = async (detail: string, outcome: 0 | 4 | 8, status: number): Promise<void> => {
    const { id: subscription, endpoint } = state;
    const entry = { subscription, number: event.number, endpoint, focus, standing, detail, outcome, status };
    await ports.audit(disclosureEntry({ ...entry, now: clock() }));
  };
  if (ended(standing)) {
    await record('ended', 4, 0);
    await setStatus(options, state, lease, {
      status: 'error',
      error: LAPSED,
    });
    return 'ended';
  }
  const shown = state.content === 'id-only' && named ? focus : null;
  const sentAs = shown === null ? 'empty' : 'id-only';
  await record(`intent ${sentAs}`, standing.decision.permit ? 0 : 4, 0);
  const sent = await post(options, state, { kind: 'event-notification', number: event.number, event, focus: shown });
  await record(`${sent.detail} ${sentAs}`, sent.ok ? (standing.decision.permit ? 0 : 4) : 8, sent.status);
  if (!sent.ok) return 'failed';
  // A lease that ran out meanwhile: whoever holds it now sends the number again, which its receiver can tell.
  return (await markSent(options.pool, lease, event.number, sentAs)) ? 'sent' : 'ended';
}

interface Notice {
  kind: NotificationKind;
  number: number;
  event: NumberedEvent | null;
  focus?: string | null;
}

function post(options: DeliveryOptions, state: SubscriptionState, notice: Notice): Promise<Sent> {
  const { event, focus = null } = notice;
  const bundle = notificationBundle({
    subscription: state.id,
    topic: state.topic,
    status: state.status,
    kind: notice.kind,
    content: event !== null && focus === null ? 'empty' : state.content,
    total: notice.number,
    events: event === null ? [] : [{ number: event.number, at: event.at, focus }],
    now: (options.clock ?? (() => new Date()))(),
  });
  return options.sender.send(state.endpoint, JSON.stringify(bundle), state.timeoutMs);
}

/** The resource first: when this process dies between the two, the feed brings the row the status of the resource. */
async function setStatus(
  options: DeliveryOptions,
  state: SubscriptionState,
  lease: Lease,
  change: { status: SubscriptionStatus; error: string | null },
): Promise<void> {
  const { version } = state;
  if (await options.ports.setSubscriptionStatus({ id: state.id, version, ...change })) {
    await markStatus(options.pool, lease, { version, ...change });
  }
}

/** Nothing more goes out when the last agreement has expired (house.md section 6); other refusals are this event's own. */
function ended({ decision, lapsed }: Standing): boolean {
  return !decision.permit && lapsed;
}

/** Exponential, with half of it by chance so that receivers that come back are not stormed. Milliseconds. */
function pause(options: DeliveryOptions, attempts: number): number {
  const { basePauseMs = 1_000, maxPauseMs = 15 * 60_000 } = options;
  const full = Math.min(maxPauseMs, basePauseMs * 2 ** Math.min(attempts, 30));
  return full / 2 + (Math.random() * full) / 2;
}
