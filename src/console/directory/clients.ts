/** System clients by page: the register, a new one, one with its keys, new keys with an overlap, and ending at once. */
import {
  ClientFault,
  choices,
  client,
  clients,
  proposeClient,
  proposeKeys,
  revokeClient,
  revokeKey,
} from '../../directory/clients.ts';
import { KEY_WARNING_DAYS } from '../../directory/key-warnings.ts';
import type { Context } from '../../record/types.ts';
import type { FieldError } from '../access-form.ts';
import { message, type Page } from '../pages.ts';
import { shownDay, shownTime } from '../times.ts';
import type { Visit } from '../visit.ts';

const DAY = 86_400_000;
const WAITS = { href: '/console/proposals', text: 'See what waits' };

/** What of a key a person must know: until when, and whether that is soon. */
function keyShown({ kid, added, expires }: { kid: string; added: Date; expires: Date | null }, now: Date) {
  const left = expires === null ? null : (expires.getTime() - now.getTime()) / DAY;
  const state = left === null ? 'No end' : left <= 0 ? 'Ended' : left <= KEY_WARNING_DAYS ? 'Ends soon' : 'Good';
  return {
    kid,
    added: shownTime(added).day,
    until: expires === null ? 'no end' : shownTime(expires).day,
    state,
    live: state !== 'Ended',
  };
}

export async function clientsPage(visit: Visit, context: Context): Promise<Page> {
  const all = await clients(visit.deps.door, context);
  return {
    status: 200,
    template: 'clients',
    context: {
      clients: all.map((one) => {
        const keys = one.keys.map((key) => keyShown(key, context.now)).filter(({ live }) => live);
        return {
          id: one.clientId,
          name: one.name,
          org: one.orgName ?? one.org,
          kind: one.kind === 'e-roster' ? 'E-roster' : 'System',
          ended: one.ended !== null,
          keys: keys.map(({ until }) => until).join(', '),
          warn: one.ended === null && (keys.length === 0 || keys.every(({ state }) => state === 'Ends soon')),
        };
      }),
    },
  };
}

export async function clientForm(visit: Visit, context: Context): Promise<Page> {
  return registerShown(200, visit, context, []);
}

async function registerShown(status: number, visit: Visit, context: Context, errors: FieldError[]): Promise<Page> {
  const { agreements, services } = await choices(visit.deps.door, context);
  const value = (name: string) => visit.form.get(name) ?? '';
  const none = (text: string) => ({ value: '', text });
  return {
    status,
    template: 'client-form',
    context: {
      errors,
      values: Object.fromEntries(
        ['name', 'kind', 'agreement', 'org', 'jwks', 'expires', 'reason'].map((one) => [one, value(one)]),
      ),
      agreements: [
        none('Select an agreement (an e-roster has none)'),
        ...agreements.map(({ reference, title }) => ({ value: reference, text: title })),
      ],
      services: [
        none('Select a service'),
        ...services.map(({ reference, name }) => ({ value: reference, text: name })),
      ],
    },
  };
}

export async function clientPosted(visit: Visit, context: Context): Promise<Page> {
  const value = (name: string) => (visit.form.get(name) ?? '').trim();
  const kind = value('kind') === 'e-roster' ? ('e-roster' as const) : ('system' as const);
  const agreement = kind === 'system' && value('agreement') !== '' ? value('agreement') : null;
  const asked = { name: value('name'), kind, agreement, org: value('org') };
  try {
    await proposeClient(visit.deps.door, context, {
      ...asked,
      jwks: value('jwks'),
      expires: value('expires'),
      reason: value('reason'),
    });
  } catch (error) {
    if (!(error instanceof ClientFault)) throw error;
    return registerShown(422, visit, context, [{ field: error.field, text: error.message }]);
  }
  return message(
    202,
    'It waits for a second person',
    ['The system can ask for tokens once somebody else has confirmed it.'],
    WAITS,
  );
}

export async function oneClientPage(visit: Visit, context: Context): Promise<Page> {
  return oneShown(200, visit, context, []);
}

async function oneShown(status: number, visit: Visit, context: Context, errors: FieldError[]): Promise<Page> {
  const one = await client(visit.deps.door, context, visit.look);
  const value = (name: string) => visit.form.get(name) ?? '';
  return {
    status,
    template: 'client',
    context: {
      errors,
      id: one.clientId,
      name: one.name,
      ended: one.ended === null ? null : shownTime(one.ended),
      lines: [
        ['Client id', one.clientId],
        ['Kind', one.kind === 'e-roster' ? 'E-roster: writes the duty list of its service' : 'System'],
        ['Service', one.orgName ?? one.org],
        ['Agreement', one.agreement ?? 'None'],
        ['May ask for', one.scopes.join(' ')],
        ['Registered', shownTime(one.added).day],
      ],
      keys: one.keys.map((key) => keyShown(key, context.now)),
      live: one.keys
        .map((key) => keyShown(key, context.now))
        .filter((key) => key.live)
        .map(({ kid, until }) => ({ value: kid, text: `${kid}, until ${until}` })),
      values: Object.fromEntries(['jwks', 'expires', 'overlap', 'reason'].map((name) => [name, value(name)])),
    },
  };
}

export async function oneClientPosted(visit: Visit, context: Context): Promise<Page> {
  const { door } = visit.deps;
  const value = (name: string) => (visit.form.get(name) ?? '').trim();
  const clientId = visit.look;
  const act = value('act');
  const way = { href: `/console/clients/${clientId}`, text: 'Back to the client' };
  const reason = value(`${act}-reason`);
  if (reason.length < 5)
    return oneShown(422, visit, context, [
      { field: `${act}-reason`, text: 'Enter the reason, in 5 characters or more' },
    ]);
  if (act === 'end') {
    await revokeClient(door, context, clientId, reason);
    return message(200, 'The client has ended', ['Its next request is refused.'], way);
  }
  if (act === 'end-key') {
    await revokeKey(door, context, clientId, value('kid'), reason);
    return message(
      200,
      'The key has ended',
      ['It signs for no token any more, and the tokens it got are refused from now on.'],
      way,
    );
  }
  try {
    const overlap = /^\d{1,3}$/.test(value('overlap')) ? Number(value('overlap')) : -1;
    await proposeKeys(door, context, { clientId, jwks: value('jwks'), expires: value('expires'), overlap, reason });
  } catch (error) {
    if (!(error instanceof ClientFault)) throw error;
    return oneShown(422, visit, context, [{ field: error.field, text: error.message }]);
  }
  const until = shownDay(value('expires'));
  return message(
    202,
    'It waits for a second person',
    [`The new keys serve until ${until} once somebody else has confirmed them.`],
    WAITS,
  );
}
