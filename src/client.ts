/**
 * `npm run client`: the register of system clients from a command line, over the service's own door: whoever runs it is an
 * administrator with a key of her own (as the setup printed it), and a second one confirms, as on the pages (ADR 0037).
 */
import { createPrivateKey, type JsonWebKey, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { isObject } from './fhir/resource.ts';
import type { Json, JsonObject } from './fhir/types.ts';
import { ASSERTION_TYPE } from './identity/assertion.ts';
import { signAnything } from './identity/sign.ts';

const USAGE = `npm run client -- <what> --key FILE [--base https://record.example.org]

  list                                        every client with its keys; ends with 3 when one has no key left beyond 30 days
  register --name N --agreement Contract/ID --service Organization/ID --jwks FILE|URL --expires DAY --reason WHY
  register --e-roster --name N --service Organization/ID --jwks FILE|URL --expires DAY --reason WHY
  rotate CLIENT --jwks FILE|URL --expires DAY [--overlap DAYS] --reason WHY
  end CLIENT --reason WHY                     at once, by one person
  end-key CLIENT KID --reason WHY             at once, by one person
  waiting                                     what waits for a second person
  confirm ID | withdraw ID
  token [--scope SCOPE]                       a bearer token of five minutes, for curl

--key is the line that the setup printed for you, in a file of yours alone.`;

const OPTIONS = {
  key: { type: 'string' },
  base: { type: 'string' },
  name: { type: 'string' },
  agreement: { type: 'string' },
  service: { type: 'string' },
  jwks: { type: 'string' },
  expires: { type: 'string' },
  overlap: { type: 'string' },
  reason: { type: 'string' },
  scope: { type: 'string', default: 'user/*.cruds' },
  'e-roster': { type: 'boolean' },
} as const;

/** Wrong use; told with the usage. */
class UsageError extends Error {}

const WARN_DAYS = 30;
const MOST_JWKS = 65_536;

export interface Outcome {
  lines: string[];
  code: number;
}

interface Given {
  ask: Ask;
  token: string;
  /** An option that the command cannot do without. */
  need(name: 'name' | 'service' | 'jwks' | 'expires' | 'reason'): string;
  /** A word behind the command. */
  at(place: number, name: string): string;
  values: ReturnType<typeof parse>['values'];
}

const COMMANDS: Readonly<Record<string, (given: Given) => Promise<Outcome>>> = {
  list: async ({ ask }) => listed(parts(await ask('$clients', {}))),
  register: async ({ ask, need, values }) => {
    const isRoster = values['e-roster'] === true;
    const kind = isRoster ? { kind: 'e-roster' } : { kind: 'system', agreement: values.agreement ?? '' };
    const said = { name: need('name'), service: need('service'), ...kind, ...(await keysIn(need)) };
    return waits(await ask('$register-client', said));
  },
  rotate: async ({ ask, need, at, values }) => {
    const said = { client: at(0, 'CLIENT'), overlap: values.overlap ?? '14', ...(await keysIn(need)) };
    return waits(await ask('$rotate-client', said));
  },
  end: async ({ ask, need, at }) => done(await ask('$end-client', { client: at(0, 'CLIENT'), reason: need('reason') })),
  'end-key': async ({ ask, need, at }) =>
    done(await ask('$end-client', { client: at(0, 'CLIENT'), key: at(1, 'KID'), reason: need('reason') })),
  waiting: async ({ ask }) => printed(parts(await ask('$proposals', {})).map(({ part }) => flat(objects(part)))),
  confirm: async ({ ask, at }) => confirmed(await ask('$confirm', { pending: at(0, 'ID') })),
  token: async ({ token }) => ({ lines: [token], code: 0 }),
  withdraw: async ({ ask, at }) => done(await ask('$withdraw', { pending: at(0, 'ID') })),
};

/** @throws Error with one plain sentence */
export async function runClient(args: readonly string[]): Promise<Outcome> {
  const { values, positionals } = parse(args);
  const [what = '', ...rest] = positionals;
  const command = Object.hasOwn(COMMANDS, what) ? COMMANDS[what] : undefined;
  if (command === undefined)
    throw new UsageError(what === '' ? 'What is to be done?' : `There is no "${what.slice(0, 40)}".`);
  const given = (value: string | undefined, name: string): string => {
    if (value === undefined) throw new UsageError(`${what} needs ${name}.`);
    return value;
  };
  const origin = (values.base ?? 'http://127.0.0.1:8080').replace(/\/+$/, '').replace(/\/fhir\/R4$/, '');
  const token = await signIn(origin, given(values.key, '--key'), values.scope);
  const need: Given['need'] = (name) => given(values[name], `--${name}`);
  return command({ ask: asking(origin, token), token, need, at: (place, name) => given(rest[place], name), values });
}

async function keysIn(need: Given['need']): Promise<{ jwks: string; expires: string; reason: string }> {
  return { jwks: await readJwks(need('jwks')), expires: need('expires'), reason: need('reason') };
}

function waits(body: JsonObject): Outcome {
  const { pending } = flat(parts(body));
  return { lines: [String(pending), 'It waits for a second person: npm run client -- confirm ID'], code: 0 };
}

const printed = (list: readonly object[]): Outcome => ({ lines: list.map((one) => JSON.stringify(one)), code: 0 });

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    const said = typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : '';
    throw new UsageError(said === '' ? 'The arguments cannot be read.' : said);
  }
}

type Ask = (operation: string, said: Readonly<Record<string, string>>) => Promise<JsonObject>;

/** A token by her own key. */
async function signIn(origin: string, keyFile: string, scope: string): Promise<string> {
  const { clientId, kid, alg, privateKey } = readKey(keyFile);
  const endpoint = await tokenEndpoint(origin);
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: clientId, sub: clientId, aud: endpoint, exp: now + 240, iat: now, jti: randomUUID() };
  const form = {
    grant_type: 'client_credentials',
    scope,
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: signAnything(
      { alg, privateKey },
      { alg, kid, typ: 'JWT' },
      scope.startsWith('user/') ? { ...claims, purpose_of_use: 'HSYSADMIN' } : claims,
    ),
  };
  // The issuer may be known by another name than the address we came by.
  const reply = await fetch(`${origin}/oauth/token`, { method: 'POST', body: new URLSearchParams(form) });
  const { access_token: token } = await jsonOf(reply);
  if (typeof token !== 'string')
    throw new Error(`The service gave no token (${reply.status}): is this your key, and have you a role?`);
  return token;
}

function asking(origin: string, token: string): Ask {
  return async (operation, said) => {
    const parameter = Object.entries(said).map(([name, valueString]) => ({ name, valueString }));
    const answer = await fetch(`${origin}/fhir/R4/${operation}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' },
      body: JSON.stringify({ resourceType: 'Parameters', ...(parameter.length === 0 ? {} : { parameter }) }),
    });
    const body = answer.status === 204 ? {} : await jsonOf(answer);
    if (answer.ok) return body;
    const why = objects(body.issue).map(({ diagnostics }) => String(diagnostics));
    throw new Error(`${answer.status}: ${why.join('\n') || 'refused'}`);
  };
}

async function tokenEndpoint(origin: string): Promise<string> {
  const { token_endpoint: endpoint } = await jsonOf(await fetch(`${origin}/fhir/R4/.well-known/smart-configuration`));
  if (typeof endpoint !== 'string') throw new Error(`There is no such service at ${origin}.`);
  return endpoint;
}

function readKey(file: string) {
  const text = readFileSync(file, 'utf8').trim();
  const given: unknown = text.startsWith('{') ? JSON.parse(text) : null;
  if (
    !isObject(given) ||
    !isObject(given.privateKey) ||
    typeof given.client_id !== 'string' ||
    typeof given.kid !== 'string'
  )
    throw new Error('--key is a file with the line that the setup printed: client_id, kid and privateKey.');
  const jwk: JsonWebKey = JSON.parse(JSON.stringify(given.privateKey));
  const privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
  return { clientId: given.client_id, kid: given.kid, alg: jwk.kty === 'RSA' ? 'RS384' : 'ES384', privateKey };
}

/** A file, or an https address that is read this once: the register keeps the keys, it does not follow the address. */
async function readJwks(from: string): Promise<string> {
  if (!/^https?:/i.test(from)) return readFileSync(from, 'utf8');
  const { protocol, hostname } = new URL(from);
  if (protocol !== 'https:' && !/^(127(\.\d+){3}|localhost|\[::1\])$/.test(hostname))
    throw new Error('A JWKS comes by https: whoever sits on the way could put in a key of his own.');
  const reply = await fetch(from, { redirect: 'error', signal: AbortSignal.timeout(10_000) });
  const text = await reply.text();
  if (!reply.ok || text.length > MOST_JWKS) throw new Error(`The JWKS could not be read (${reply.status}).`);
  return text;
}

/** One line of JSON for each client; the code says whether somebody must act. */
function listed(clients: readonly JsonObject[]): Outcome {
  const soon = new Date(Date.now() + WARN_DAYS * 86_400_000).toISOString();
  let code = 0;
  const lines = clients.map((one) => {
    const { client, name, kind, ended } = flat(objects(one.part));
    const keys = objects(one.part)
      .filter((part) => part.name === 'key')
      .map((part) => flat(objects(part.part)));
    const lasting = keys.some(({ expires }) => expires === undefined || String(expires) > soon);
    const state = ended !== undefined ? 'ended' : lasting ? 'active' : 'needs a key';
    if (state === 'needs a key') code = 3;
    return JSON.stringify({ client, name, kind, state, keys });
  });
  return { lines, code };
}

/** What took effect: the references of it, or the one resource itself. */
function confirmed(body: JsonObject): Outcome {
  if (body.resourceType !== 'Parameters') return { lines: [`${body.resourceType}/${body.id}`], code: 0 };
  const { done: _all, ...rest } = flat(parts(body));
  const written = parts(body).filter(({ name }) => name === 'done');
  return { lines: [String(rest.kind), ...written.map(({ valueString }) => String(valueString))], code: 0 };
}

const done = (_body: JsonObject): Outcome => ({ lines: ['done'], code: 0 });

async function jsonOf(reply: Response): Promise<JsonObject> {
  const body: unknown = await reply.json().catch(() => null);
  return isObject(body) ? body : {};
}

const objects = (value: Json | undefined): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);
const parts = (body: JsonObject): JsonObject[] => objects(body.parameter);

/** Simple values of parts by name. */
function flat(list: readonly JsonObject[]): Record<string, Json | undefined> {
  return Object.fromEntries(
    list.map((one) => [String(one.name), Object.entries(one).find(([name]) => name.startsWith('value'))?.[1]]),
  );
}

if (import.meta.main) {
  try {
    const { lines, code } = await runClient(process.argv.slice(2));
    process.stdout.write(lines.map((line) => `${line}\n`).join(''));
    process.exitCode = code;
  } catch (error) {
    const words = error instanceof Error ? error.message : 'It failed.';
    process.stderr.write(`${words}\n${error instanceof UsageError ? `\n${USAGE}\n` : ''}`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}
