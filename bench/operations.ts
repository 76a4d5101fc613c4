/** The requests that are measured, as bytes: of the service by operation and identity, and of the floor. */

import { HEALTH_VISITING } from './directory.ts';
import type { StoredFamily } from './fill.ts';
import { FLOOR_PAGES, FLOOR_ROWS } from './floor-size.ts';
import { nhsNumberOf } from './names.ts';
import { finding, registration } from './registration.ts';
import type { RoleName } from './site.ts';

export const OPERATIONS = ['read', 'identifier', 'name', 'encounters', 'create', 'update', 'transaction'] as const;
export type Operation = (typeof OPERATIONS)[number];

export const FLOORS = ['i', 'ii', 'iii', 'iv', 'v', 'v5'] as const;
export type Floor = (typeof FLOORS)[number];

/** The floor an operation is held against (issue point 12). */
export const FLOOR_OF: Readonly<Record<Operation, Floor>> = {
  ...{ read: 'ii', identifier: 'ii', name: 'ii', encounters: 'v' },
  ...{ create: 'iii', update: 'iii', transaction: 'iv' },
};

export interface Target {
  token: string;
  today: string;
  clients: number;
}

/** Gives the next request of a client. What it gives for one client never conflicts with what another gets. */
export type Requests = (client: number) => Buffer;

/** Different requests that are made beforehand: more than the caches of anything here would hold by accident. */
const VARIANTS = 4_096;

/** `turn` makes runs differ: each starts elsewhere in the families. */
export function serviceRequests(
  operation: Operation,
  role: RoleName,
  families: readonly StoredFamily[],
  target: Target & { turn: number },
): Requests {
  const mine = families.filter((one) => role === 'steward' || (role === 'hv-system' ? one.shared : one.own));
  const at = picker(mine, target.turn);
  const message = messages(target.token);
  switch (operation) {
    case 'read':
      return cycle((i) =>
        message('GET', i % 2 === 0 ? `/Patient/${at(i).mother}` : `/Encounter/${at(i).encounters[i % 4] ?? ''}`),
      );
    case 'identifier':
      return cycle((i) =>
        message('GET', `/Patient?identifier=https%3A%2F%2Ffhir.nhs.uk%2FId%2Fnhs-number%7C${at(i).nhsNumber}`),
      );
    case 'name':
      return cycle((i) => message('GET', `/Patient?family=${at(i).family}&given=${at(i).given}`));
    case 'encounters':
      return cycle((i) =>
        message('GET', `/Encounter?patient=${at(i).mother}&date=ge2020-01-01&_include=Encounter:subject`),
      );
    case 'create':
      return cycle((i) => message('POST', '/Observation', JSON.stringify(findingOf(at(i), target.today, i))), 1_024);
    case 'update':
      return updates(mine, target, message);
    case 'transaction':
      return transactions(target.today, message);
  }
}

/** The same bodies and headers for the floor, so that both read as many bytes. */
export function floorRequests(floor: Floor, families: readonly StoredFamily[], target: Target): Requests {
  const message = messages(target.token, '');
  const at = picker(families, 0);
  switch (floor) {
    case 'i':
      return cycle((i) => message('GET', `/one/r${(i * 7_919) % FLOOR_ROWS}`));
    case 'ii':
      return cycle((i) => message('GET', `/audited/r${(i * 7_919) % FLOOR_ROWS}`));
    case 'iii':
      return cycle((i) => message('POST', '/insert', JSON.stringify(findingOf(at(i), target.today, i))), 1_024);
    case 'iv':
      return transactions(target.today, (method, _path, body) => message(method, '/ten', body));
    case 'v':
      return cycle((i) => message('GET', `/page/${(i * 7_919) % FLOOR_PAGES}`));
    case 'v5':
      return cycle((i) => message('GET', `/short/${(i * 7_919) % FLOOR_PAGES}`));
  }
}

type Message = (method: string, path: string, body?: string) => Buffer;

function messages(token: string, base = '/fhir/R4'): Message {
  return (method, path, body) => {
    const head = `${method} ${base}${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\nAccept: application/fhir+json\r\n`;
    if (body === undefined) return Buffer.from(`${head}\r\n`);
    const length = Buffer.byteLength(body);
    return Buffer.from(`${head}Content-Type: application/fhir+json\r\nContent-Length: ${length}\r\n\r\n${body}`);
  };
}

/** Prime steps walk all families before one comes again. */
function picker(families: readonly StoredFamily[], turn: number): (i: number) => StoredFamily {
  return (i) => {
    const family = families[((i + turn * 1_009) * 7_919) % families.length];
    if (family === undefined) throw new Error('no family of this store is within reach of this identity');
    return family;
  };
}

function cycle(make: (i: number) => Buffer, variants = VARIANTS): Requests {
  const made = Array.from({ length: variants }, (_, i) => make(i));
  let next = 0;
  return () => made[next++ % variants] ?? Buffer.alloc(0);
}

function findingOf(family: StoredFamily, today: string, i: number) {
  return finding({
    mother: { reference: `Patient/${family.mother}` },
    encounter: { reference: `Encounter/${family.encounters[i % family.encounters.length] ?? ''}` },
    who: 'PractitionerRole/hv-helen',
    service: HEALTH_VISITING,
    on: today,
    value: 20 + (i % 20),
  });
}

/** Each client has findings of its own and gives them new values in turn: no two requests meet on one resource. */
function updates(families: readonly StoredFamily[], target: Target & { turn: number }, message: Message): Requests {
  const all = families.flatMap((family) => family.findings.map((id) => ({ family, id })));
  const own = Array.from({ length: target.clients }, (_, client) =>
    all.filter((_one, i) => i % target.clients === client).slice(0, 400),
  );
  const sent = own.map(() => 0);
  return (client) => {
    const list = own[client] ?? [];
    const count = sent[client] ?? 0;
    sent[client] = count + 1;
    const one = list[count % list.length];
    if (one === undefined) throw new Error(`too few findings in this store for ${target.clients} clients`);
    const value = target.turn * 1_000 + Math.floor(count / list.length);
    const body = { ...findingOf(one.family, target.today, value), id: one.id };
    return message('PUT', `/Observation/${one.id}`, JSON.stringify(body));
  };
}

/** NHS numbers of families registered while measuring: above all that stores are built with. */
let registered = 400_000 + (Math.floor(Date.now() / 1_000) % 450_000);
const NUMBER = '9990000018';
const SERIAL = 987_654_321;

function transactions(today: string, message: Message): Requests {
  const templates = Array.from({ length: 64 }, (_, i) => {
    const entry = registration(NUMBER, i * 17, HEALTH_VISITING, 'PractitionerRole/hv-helen', today);
    const text = JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry });
    return text
      .replaceAll(`bench-registered-${i * 17}`, `bench-registered-${SERIAL}`)
      .split(new RegExp(`(${NUMBER}|${SERIAL})`));
  });
  return () => {
    registered += 1;
    const template = templates[registered % templates.length] ?? [];
    const number = nhsNumberOf(registered);
    const body = template.map((part) =>
      part === NUMBER ? number : part === String(SERIAL) ? String(registered) : part,
    );
    return message('POST', '', body.join(''));
  };
}
