/** The outside systems' own webhook receiver: it answers 200 at once and keeps what came, with its time. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isObject, objectsAt, textAt } from '../../src/care/shape.ts';
import type { Json, JsonObject } from '../../src/fhir/types.ts';
import { StoryFailure } from './screen.ts';

export interface Notification {
  /** Path it came to, one for each subscription. */
  path: string;
  at: Date;
  kind: string;
  /** `Type/id`, absent in a handshake. */
  focus: string | undefined;
  number: string | undefined;
  bundle: JsonObject;
}

export interface Webhook {
  /** Where a subscription called `name` is to be delivered. */
  endpoint(name: string): string;
  received(name: string, kind: string): Notification[];
  /** The first that fits, now or within the time. @throws StoryFailure */
  next(name: string, kind: string, fits: (one: Notification) => boolean, withinMs: number): Promise<Notification>;
  close(): Promise<void>;
}

/** Listens on a free port of 127.0.0.1. */
export async function openWebhook(): Promise<Webhook> {
  const all: Notification[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const read = notificationOf(request.url ?? '', Buffer.concat(chunks).toString('utf8'));
      if (read !== undefined) all.push(read);
      response.writeHead(read === undefined ? 400 : 200).end();
    });
  });
  const port = await listen(server);
  const received = (name: string, kind: string) => all.filter((one) => one.path === `/${name}` && one.kind === kind);
  return {
    endpoint: (name) => `http://127.0.0.1:${port}/${name}`,
    received,
    next: async (name, kind, fits, withinMs) => {
      const end = Date.now() + withinMs;
      for (;;) {
        const found = received(name, kind).find(fits);
        if (found !== undefined) return found;
        if (Date.now() > end)
          throw new StoryFailure(`no ${kind} reached the endpoint "${name}" within ${withinMs / 1_000} s`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

/** A notification Bundle of the backport IG; undefined for anything else. */
function notificationOf(path: string, text: string): Notification | undefined {
  let bundle: Json;
  try {
    bundle = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(bundle)) return undefined;
  const status = objectsAt(bundle, 'entry')[0];
  const parameter = isObject(status?.resource) ? objectsAt(status.resource, 'parameter') : [];
  const kind = textAt(
    parameter.find((one) => one.name === 'type'),
    'valueCode',
  );
  if (kind === undefined) return undefined;
  const event = objectsAt(
    parameter.find((one) => one.name === 'notification-event'),
    'part',
  );
  const part = (name: string) => event.find((one) => one.name === name);
  return {
    path,
    at: new Date(),
    kind,
    focus: textAt(part('focus'), 'valueReference', 'reference'),
    number: textAt(part('event-number'), 'valueString'),
    bundle,
  };
}
