/** A small world for events: resources in memory with their changes in the real feed, real audit, a real receiver. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { auditColumns } from '../../src/audit/entry.ts';
import type { AuditEntry } from '../../src/audit/types.ts';
import { type Deliveries, type DeliveryOptions, startDeliveries } from '../../src/events/deliver.ts';
import type { EventPorts, Standing, VersionRead } from '../../src/events/ports.ts';
import { startPump } from '../../src/events/pump.ts';
import { createSender } from '../../src/events/send.ts';
import { guardSubscription } from '../../src/events/subscription.ts';
import type { Resource } from '../../src/fhir/types.ts';
import { type AuditWriter, createAuditWriter } from '../../src/store/audit.ts';
import { startSequencer } from '../../src/store/feed.ts';
import type { Loop } from '../../src/store/loop.ts';
import { openPool, type Pool } from '../../src/store/pool.ts';
import { type FreshDatabase, freshDatabase } from '../harness/database.ts';
import { anEntry } from '../unit/audit/entries.ts';

export const POLICY = { allow: ['127.0.0.1'] };

export interface Notification {
  kind: string;
  number: number | null;
  focus: string | null;
  topic: string | null;
  total: number;
}

export interface Receiver {
  url: string;
  /** Everything that was answered 2xx, in order. */
  got: Notification[];
  /** Everything that arrived. */
  seen: Notification[];
  /** Status to answer; a function decides for each. */
  answer: number | ((notification: Notification) => number);
  away(): Promise<void>;
  back(): Promise<void>;
}

export interface World {
  pool: Pool;
  database: FreshDatabase;
  ports: EventPorts;
  /** Rules of this moment; default: everything is permitted. */
  rules: { decide(subscriber: string, focus: string): Partial<Standing['decision']> };
  /** Writes the next version of a resource and its change row. */
  put(resource: Resource): Promise<number>;
  subscribe(resource: Resource, id: string, client?: string): Promise<void>;
  current(reference: string): Resource | undefined;
  /** Details of the disclosures recorded, in the order of the trail. */
  recorded(): Promise<{ detail: string | null; outcome: number; recipient: string | null }[]>;
  audit: AuditWriter;
  errors: unknown[];
  /** Starts sequencer, pump and deliveries; the result stops them. */
  start(options?: Partial<DeliveryOptions>, ports?: EventPorts): () => Promise<void>;
  close(): Promise<void>;
}

/** Opens a world on a database of its own. */
export async function openWorld(): Promise<World> {
  const database = await freshDatabase();
  const pool = openPool(database.serviceUrl, 8);
  const versions = new Map<string, Resource[]>();
  const audit = createAuditWriter({ pool, encode: auditColumns });
  const errors: unknown[] = [];

  const put = async (resource: Resource): Promise<number> => {
    const reference = `${resource.resourceType}/${resource.id}`;
    const list = versions.get(reference) ?? [];
    versions.set(reference, list);
    list.push(structuredClone(resource));
    const values = [resource.resourceType, resource.id, list.length, list.length === 1 ? 'C' : 'U'];
    await pool.query('insert into change (type, resource_id, version, op, at) values ($1, $2, $3, $4, now())', values);
    return list.length;
  };

  const world: World = {
    pool,
    database,
    audit,
    errors,
    rules: { decide: () => ({ permit: true }) },
    put,
    subscribe: async (resource, id, client = 'hv-system') => {
      guardSubscription(resource, client, POLICY);
      await put({ ...resource, id });
    },
    current: (reference) => versions.get(reference)?.at(-1),
    recorded: async () => {
      const { rows } = await pool.query<{ body: AuditEntry }>('select body::json as body from audit order by id');
      return rows.map(({ body }) => ({ detail: body.detail, outcome: body.outcome, recipient: body.recipient }));
    },
    ports: {
      readVersion: async (type, id, version): Promise<VersionRead | null> => {
        const list = versions.get(`${type}/${id}`) ?? [];
        const resource = version === null ? list.at(-1) : list[version - 1];
        const dataClass = type === 'CarePlan' ? 'plan' : 'referral';
        return resource
          ? { resource, version: version ?? list.length, deleted: false, dataClass, service: null }
          : null;
      },
      decideAs: async (subscriber, type, id) => standing(world.rules.decide(subscriber, `${type}/${id}`)),
      setSubscriptionStatus: async ({ id, version, status }) => {
        const list = versions.get(`Subscription/${id}`) ?? [];
        const resource = list.at(-1);
        if (!resource || list.length !== version) return false;
        await put({ ...resource, status });
        return true;
      },
      mayStop: async (rows) => new Set(rows.map(({ feedNo }) => feedNo)),
      audit: (entry) => audit.write(entry),
    },
    start: (options = {}, ports = world.ports) => startAll(world, ports, options),
    close: async () => {
      await audit.close();
      await pool.end();
      await database.drop();
    },
  };
  return world;
}

function standing(changes: Partial<Standing['decision']>): Standing {
  const permit = changes.permit ?? true;
  const decision = {
    permit,
    rules: ['R-06'],
    reason: null,
    text: '',
    explanation: null,
    masks: [],
    concealed: false,
    wayIn: null,
  };
  return {
    decision: { ...decision, ...changes, permit },
    agent: { ...anEntry().agent, kind: 'system', name: 'hv-system' },
    patients: ['Patient/p1'],
    label: 'N',
    lapsed: decision.permit === false && changes.reason === 'dsa-expired',
  };
}

function startAll(world: World, ports: EventPorts, options: Partial<DeliveryOptions>): () => Promise<void> {
  const { pool } = world;
  const onError = (error: unknown): void => {
    world.errors.push(error);
  };
  const sender = createSender(POLICY);
  const quick = { everyMs: 20, basePauseMs: 30, maxPauseMs: 120 };
  const deliveries: Deliveries = startDeliveries({ pool, ports, sender, onError, ...quick, ...options });
  const pump: Loop = startPump({ pool, ports, policy: POLICY, onNumbered: deliveries.wake, onError, everyMs: 20 });
  const sequencer = startSequencer({ pool, onMoved: pump.wake, onError, everyMs: 10 });
  return async () => {
    await sequencer.stop();
    await pump.stop();
    await deliveries.stop();
  };
}

/** A receiver on loopback that reads what it gets as a client would. */
export async function openReceiver(): Promise<Receiver> {
  let server: Server | null = null;
  let port = 0;
  const receiver: Receiver = {
    url: '',
    got: [],
    seen: [],
    answer: 200,
    back: () =>
      new Promise((resolve) => {
        server = createServer((request, response) => {
          const chunks: Buffer[] = [];
          request.on('data', (chunk: Buffer) => chunks.push(chunk));
          request.on('end', () => {
            const notification = readNotification(Buffer.concat(chunks).toString());
            receiver.seen.push(notification);
            const status = typeof receiver.answer === 'number' ? receiver.answer : receiver.answer(notification);
            if (status >= 200 && status < 300) receiver.got.push(notification);
            if (status === 302) response.setHeader('location', 'http://127.0.0.1:1/elsewhere');
            if (status > 0) response.writeHead(status).end('{}');
          });
        }).listen(port, '127.0.0.1', () => {
          const address: string | AddressInfo | null = server?.address() ?? null;
          if (typeof address === 'object' && address) port = address.port;
          receiver.url = `http://127.0.0.1:${port}/hook`;
          resolve();
        });
      }),
    away: () =>
      new Promise((resolve) => {
        server?.closeAllConnections();
        if (server) server.close(() => resolve());
        else resolve();
      }),
  };
  await receiver.back();
  return receiver;
}

interface Part {
  name: string;
  valueString?: string;
  valueCode?: string;
  valueCanonical?: string;
  valueReference?: { reference: string };
  part?: Part[];
}

function readNotification(text: string): Notification {
  const bundle: { entry: { resource: { parameter: Part[] } }[] } = JSON.parse(text);
  const parts = bundle.entry[0]?.resource.parameter ?? [];
  const find = (list: Part[], name: string) => list.find((part) => part.name === name);
  const event = find(parts, 'notification-event')?.part ?? [];
  const number = find(event, 'event-number')?.valueString;
  return {
    kind: find(parts, 'type')?.valueCode ?? '',
    number: number === undefined ? null : Number(number),
    focus: find(event, 'focus')?.valueReference?.reference ?? null,
    topic: find(parts, 'topic')?.valueCanonical ?? null,
    total: Number(find(parts, 'events-since-subscription-start')?.valueString),
  };
}

/** Waits until `done`, at most `ms`. */
export async function until(done: () => boolean | Promise<boolean>, ms = 15_000): Promise<void> {
  const end = Date.now() + ms;
  while (!(await done())) {
    if (Date.now() > end) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}
