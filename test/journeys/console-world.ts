/** A console to test: the service with one family that is full of canaries, and a browser's worth of cookies. */
import { cookieNameOf } from '../../src/console/session.ts';
import type { Resource } from '../../src/fhir/types.ts';
import { DEMO_IDENTITIES } from '../../src/identity/identities.ts';
import { createStanding } from '../../src/record/standing.ts';
import type { Context } from '../../src/record/types.ts';
import { overseen } from '../harness/overseen.ts';
import { type Service, startService } from '../harness/service.ts';

export const NUMBER = '9990001006';
export const UNKNOWN = '9990001138';
export const REASON = 'Complaint IG-2031: the family asked who looked';
/** Words that stand in ids, names, texts and searches of the family and must never reach an officer's page. */
export const CANARIES = ['canaryfam', 'Kanarienvogel', 'Zzyzxiana', 'penicillinrash', 'ZZ9 9ZZ', '878111000000109'];

export interface Console {
  service: Service;
  /** Moves the console's clock, not the world's. */
  clock: { ahead: number };
  origin: string;
}

export async function openConsole(): Promise<Console> {
  const clock = { ahead: 0 };
  const service = await startService({ clock: () => new Date(Date.now() + clock.ahead) });
  await service.directory();
  const [surname, given] = ['Kanarienvogel', 'Zzyzxiana'];
  await service.family('canaryfam', { surname, given, nhsNumber: NUMBER, postalCode: 'ZZ9 9ZZ' });
  return { service, clock, origin: `http://127.0.0.1:${service.port}` };
}

/** What people and systems do before the officer comes. Karl has no explanation of his own; Sue is refused. */
export async function lookAround({ service }: Console): Promise<void> {
  const seen: [string, string][] = [
    ['midwife', 'Patient/canaryfam'],
    ['midwife', 'Flag?patient=canaryfam&code=878111000000109'],
    ['health-visitor', 'Patient?identifier=https://fhir.nhs.uk/Id/nhs-number|9990001006&name=Kanarienvogel'],
    ['nursery-nurse', 'Patient/canaryfam'],
    ['service-lead', 'Patient/canaryfam'],
    ['hv-system', 'Observation?patient=canaryfam'],
    ['midwife', 'Patient?name=Kanarienvogel'],
  ];
  for (const [who, path] of seen) await service.as(who).get(path);
  const note: Resource = {
    resourceType: 'AllergyIntolerance',
    id: 'canaryfam-penicillinrash',
    patient: { reference: 'Patient/canaryfam' },
    code: { text: 'penicillinrash' },
    clinicalStatus: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical', code: 'active' }],
    },
  };
  await service.load([note]);
  await service.as('midwife').get('AllergyIntolerance/canaryfam-penicillinrash');
}

/** A second officer of the directory, who is no demo identity. */
export async function addColleague(
  { service }: Console,
  id = 'ig-second',
  name = 'Ines Second',
  role = 'Privacy officer',
  practitioner = `Practitioner/${id}`,
): Promise<void> {
  await service.load([
    { resourceType: 'Practitioner', id, active: true, name: [{ text: name }] },
    {
      resourceType: 'PractitionerRole',
      id,
      active: true,
      period: { start: '2020-01-01' },
      practitioner: { reference: practitioner },
      organization: { reference: 'Organization/trust' },
      code: [{ text: role }],
    },
  ]);
}

/** That colleague, as the record knows her. */
export async function colleague({ service }: Console, id = 'ig-second'): Promise<Context> {
  const { door } = service.app;
  const caller = {
    issuer: door.base,
    subject: id,
    clientId: 'test',
    jti: 'second',
    scopes: ['user/*.cruds'],
    fhirUser: `PractitionerRole/${id}`,
    org: null,
    patient: null,
  };
  const now = door.clock();
  const standing = await createStanding({ pool: door.pool, mode: 'demo' }).resolve(caller, {
    purpose: 'HSYSADMIN',
    now,
    fresh: true,
  });
  return { ...standing, caller, requestId: 'colleague-request', address: null, now };
}

export interface Shown {
  status: number;
  headers: Headers;
  html: string;
  /** Where it was found after redirects; path and query. */
  address: string;
}

/**
 * One browser: keeps its cookies, follows redirects by hand, remembers every address it was at.
 * @param known address of the service as it is told to others, where that is another one (a proxy stands before it)
 */
export function browserOf(origin: string, known = origin) {
  const sessionCookie = cookieNameOf(known.startsWith('https:'));
  const addresses: string[] = [];
  const setCookies: string[] = [];
  const cookies = new Map<string, string>();
  const use = (line: string): void => {
    const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=');
    if (value === '') cookies.delete(name);
    else cookies.set(name, value);
  };
  const cookieHeader = (): Record<string, string> =>
    cookies.size === 0 ? {} : { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') };

  const send = async (method: string, path: string, form?: Readonly<Record<string, string>>, extra = {}) => {
    addresses.push(path);
    const response = await fetch(origin + path, {
      method,
      redirect: 'manual',
      headers: { ...cookieHeader(), ...extra },
      ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
    });
    for (const line of response.headers.getSetCookie()) {
      setCookies.push(line);
      use(line);
    }
    return response;
  };
  const open = async (first: Response, path: string): Promise<Shown> => {
    let response = first;
    let address = path;
    for (let hops = 0; response.status === 303 && hops < 5; hops += 1) {
      const to = response.headers.get('location') ?? '';
      address = to.startsWith(`${known}/`) ? to.slice(known.length) : to;
      response = await send('GET', address);
    }
    return { status: response.status, headers: response.headers, html: await response.text(), address };
  };
  const get = async (path: string): Promise<Shown> => open(await send('GET', path), path);
  const post = async (path: string, form: Readonly<Record<string, string>>, extra = {}): Promise<Shown> =>
    open(await send('POST', path, form, extra), path);
  /** Fills in the form that stands on a page. */
  const fill = async (page: string, path: string, form: Readonly<Record<string, string>>): Promise<Shown> =>
    post(path, { 'form-token': tokenOf((await get(page)).html), ...form });
  return {
    addresses,
    setCookies,
    get,
    post,
    fill,
    /** At the built-in provider, in her own role of several, and to the page behind it. */
    signIn: async (identity: string): Promise<Shown> => {
      const { address, html } = await get('/console/sign-in/start');
      let page = await post(address, { 'form-token': tokenOf(html), identity });
      const offered = /name="offered" value="([^"]+)"/.exec(page.html)?.[1];
      if (offered !== undefined) {
        const role = DEMO_IDENTITIES.get(identity)?.fhirUser ?? '';
        page = await post('/console/sign-in/role', { 'form-token': tokenOf(page.html), offered, role });
      }
      const onward = /^0; url=(.+)$/.exec(page.headers.get('refresh') ?? '')?.[1];
      return onward === undefined ? page : get(onward);
    },
    signOut: (page: Shown) => post('/console/sign-out', { 'form-token': tokenOf(page.html) }),
    look: (nhsNumber = NUMBER, reason = REASON) =>
      fill('/console/access-record', '/console/access-record', { 'nhs-number': nhsNumber, reason }),
    /** The session's, as a pair. */
    cookie: () => `${sessionCookie}=${cookies.get(sessionCookie) ?? ''}`,
    /** All it would send. */
    cookies: (): string => cookieHeader().cookie ?? '',
    use,
  };
}

export function tokenOf(html: string): string {
  return /name="form-token" value="([^"]+)"/.exec(html)?.[1] ?? 'none';
}

/** Text of a page as a person reads it: no tags, single spaces. */
export function wordsOf(html: string): string {
  return html
    .replace(/<head>[\s\S]*<\/head>/, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
}

/** The newest records of the trail with this detail, as stored. */
export async function trail(service: Service, detail: string): Promise<{ body: string; patients: string[] }[]> {
  const result = await service.pool.query<{ body: string; patients: string[] }>(
    `select body, patients from audit where body::json ->> 'detail' like $1 || '%' order by xid desc, id desc`,
    [detail],
  );
  return result.rows;
}

/** A browser in which an officer has signed in. */
export async function officerIn(world: Console) {
  const visitor = browserOf(world.origin);
  await visitor.signIn('ig-officer');
  return visitor;
}

/** A console whose records have been looked at, by whom and how the officers' tests expect, up to the last alert. */
export async function overseenConsole(more: (world: Console) => Promise<void> = async () => {}): Promise<Console> {
  const world = await openConsole();
  await lookAround(world);
  await more(world);
  await overseen(world.service);
  return world;
}
