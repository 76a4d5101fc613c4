/** What a handler of the console knows of its request. */
import { randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';
import type { AlertSettings } from '../audit/alert-settings.ts';
import type { Role } from '../governance/types.ts';
import type { DemoProvider } from '../identity/demo-provider.ts';
import type { SignInProvider } from '../identity/sign-in-provider.ts';
import type { TrailKeeper } from '../oversight/verify-trail.ts';
import type { Door } from '../record/types.ts';
import type { Standing } from './identity.ts';
import { isFromHere } from './security.ts';
import {
  cookieOf,
  type Ended,
  newId,
  type Session,
  type Sessions,
  sealedCookieOf,
  setCookie,
  setReturnCookie,
} from './session.ts';

/** An OpenID Connect provider; `demo`: it is the built-in one, whose pages are served here as well. */
export interface SignInWay {
  provider: SignInProvider;
  demo: DemoProvider | null;
}

export interface ConsoleDeps {
  door: Door;
  /** Who a caller is now, by the directory. @throws Outcome 401 when she is nobody (any more) */
  standing: Standing;
  /** How people sign in; null = not at all, the console is closed. */
  signIn: SignInWay | null;
  /** Counts a refusal that has no name to put on it (house.md section 4, anonymous failures). */
  anonymous(refusal: { address: string | null; status: number; reason: string; now: Date }): void;
  /** The checkpoints of the trail, and who signs reports about it. */
  keeper: TrailKeeper;
  /** The alert rules as this installation sets them. */
  settings: AlertSettings;
  /** Address of the service as others see it, e.g. `https://tandem.example.org`. */
  issuer: string;
}

export interface Visit {
  deps: ConsoleDeps;
  sessions: Sessions;
  /** Value of the browser's cookie, signed in or not. */
  cookie: string;
  session: Session | null;
  /** Why a session that was there is none any more. */
  ended: Ended | null;
  /** False when the browser says that another site sent this. */
  fromHere: boolean;
  requestId: string;
  address: string | null;
  now: Date;
  /** Path parameter `look`. */
  look: string;
  /** All path parameters by name. */
  params: ReadonlyMap<string, string>;
  /** Who the directory says she is, once asked. */
  role: Role | null;
  /** Path of the address. */
  path: string;
  query: URLSearchParams;
  /** Fields of a form. */
  form: ReadonlyMap<string, string>;
  /** Gives the browser a new cookie. */
  giveCookie(value: string): void;
  /** The cookie of a sign-in under way at the provider. */
  returning: string | null;
  /** Gives or (null) takes that cookie. */
  giveReturnCookie(value: string | null): void;
  /** Address the page goes to by itself at once. */
  refresh: string | null;
}

export interface Browser {
  deps: ConsoleDeps;
  sessions: Sessions;
  cookieName: string;
  /** Served over https: the cookie says so. */
  secure: boolean;
}

/** Reads cookie, session and form of a request; a browser without a cookie gets one. */
export function visitOf(browser: Browser, request: Request, response: Response): Visit {
  const { deps, sessions, cookieName, secure } = browser;
  const given = cookieOf(request.headers.cookie, cookieName);
  const returnName = `${cookieName}-return`;
  const found = sessions.find(given);
  const visit: Visit = {
    deps,
    sessions,
    cookie: given ?? newId(),
    session: found?.state === 'open' ? found.session : null,
    ended: found === null || found.state === 'open' ? null : found.state,
    fromHere: isFromHere(request.headers),
    requestId: randomUUID(),
    address: request.socket.remoteAddress ?? null,
    now: deps.door.clock(),
    look: fieldsOf(request.params).get('look') ?? '',
    params: fieldsOf(request.params),
    role: null,
    path: request.path,
    query: new URL(request.url, 'http://console').searchParams,
    form: fieldsOf(request.body),
    giveCookie: (value) => {
      visit.cookie = value;
      response.append('Set-Cookie', setCookie(cookieName, value, secure));
    },
    returning: sealedCookieOf(request.headers.cookie, returnName),
    giveReturnCookie: (value) => response.append('Set-Cookie', setReturnCookie(returnName, value, secure)),
    refresh: null,
  };
  response.set('X-Request-Id', visit.requestId);
  if (given === null) visit.giveCookie(visit.cookie);
  return visit;
}

/** A field that stands twice could mean two things: it counts as not given. */
function fieldsOf(body: unknown): Map<string, string> {
  if (typeof body !== 'object' || body === null) return new Map();
  return new Map(Object.entries(body).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])));
}
