/**
 * Who is signed in to the console: server-side sessions under opaque ids, in this process's memory. What an officer looks
 * at (NHS numbers, reasons) is nowhere on disk; a restart signs everyone out, and behind several processes a browser must
 * come back to its own.
 */
import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import type { ImportAsk } from '../directory/plan.ts';
import type { Purpose } from '../governance/types.ts';

/** One look at a record: opened with a reason, then paged and filtered. Nothing of it is in any address. */
export interface Look {
  id: string;
  nhsNumber: string;
  reason: string;
  /** People and systems shown so far, by the opaque key that stands for them in an address. */
  people: Map<string, { party: string; name: string }>;
}

/** Somebody who has signed in, as the provider says; what she may do the directory says. */
export interface SignedInPerson {
  name: string;
  issuer: string;
  subject: string;
  /** `PractitionerRole/..`, or of a parent `Patient/..`. */
  fhirUser: string | null;
  org: string | null;
  patient: string | null;
  scopes: readonly string[];
  /** What her pages are for, where the role has no usual purpose. */
  purpose: Purpose | null;
}

export interface Session {
  id: string;
  person: SignedInPerson;
  /** Stands where a token's id stands in the trail: names the session there, opens nothing. */
  reference: string;
  /** Epoch ms. */
  signedIn: number;
  lastSeen: number;
  /** When she last proved who she is; null = nobody says when. */
  provenAt: Date | null;
  /** How often her sessions had been ended everywhere when this one began: at another number it is over. */
  ends: number;
  looks: Map<string, Look>;
  /** Imports that were shown and wait to be sent on, by id; the newest few. */
  imports: Map<string, ImportAsk>;
}

/** Why a session that was there is none any more. */
export type Ended = 'idle' | 'expired' | 'everywhere';
export type Found = { state: 'open'; session: Session } | { state: 'idle' | 'expired' } | null;

/** a screen left alone locks after 15 minutes, a session ends after 12 hours. */
export const IDLE_MS = 15 * 60_000;
const MAX_MS = 12 * 3_600_000;
const MAX_SESSIONS = 1_000;
const MAX_LOOKS = 50;
const ID = /^[A-Za-z0-9_-]{43}$/;

export function createSessions(clock: () => Date) {
  const sessions = new Map<string, Session>();
  /** Of this process: a form outlives neither it nor the cookie it was made for. */
  const key = randomBytes(32);

  const formToken = (cookie: string): string => createHmac('sha256', key).update(cookie).digest('base64url');

  return {
    /** A new session under a new id, whatever id the browser came with. */
    open(person: SignedInPerson): Session {
      const oldest = sessions.keys().next().value;
      if (sessions.size >= MAX_SESSIONS && oldest !== undefined) sessions.delete(oldest);
      const now = clock().getTime();
      const session = {
        id: newId(),
        person,
        reference: randomUUID(),
        signedIn: now,
        lastSeen: now,
        provenAt: null,
        ends: 0,
        looks: new Map<string, Look>(),
        imports: new Map<string, ImportAsk>(),
      };
      sessions.set(session.id, session);
      return session;
    },
    /** The session of a cookie. One that was left alone too long ends here, and is told apart from none once. */
    find(id: string | null): Found {
      const session = id === null ? undefined : sessions.get(id);
      if (session === undefined) return null;
      const now = clock().getTime();
      const state = now - session.lastSeen >= IDLE_MS ? 'idle' : now - session.signedIn >= MAX_MS ? 'expired' : 'open';
      if (state === 'open') return { state, session };
      sessions.delete(session.id);
      return { state };
    },
    /** Somebody is at the screen. */
    touch(session: Session): void {
      session.lastSeen = clock().getTime();
    },
    end(session: Session): void {
      sessions.delete(session.id);
    },
    /** The session of a reference: whoever proves again who she is comes back without her cookie. */
    byReference(reference: string): Session | null {
      return [...sessions.values()].find((one) => one.reference === reference) ?? null;
    },
    /** What a form must bring along, bound to the browser's cookie. */
    formToken,
    /** True when a form was made for this cookie by this process. */
    isOurForm(cookie: string, given: string): boolean {
      const expected = Buffer.from(formToken(cookie));
      const actual = Buffer.from(given);
      return expected.length === actual.length && timingSafeEqual(expected, actual);
    },
  };
}

export type Sessions = ReturnType<typeof createSessions>;

/** Keeps a look in its session; the oldest gives way. */
export function keepLook(session: Session, asked: Pick<Look, 'nhsNumber' | 'reason'>): Look {
  const oldest = session.looks.keys().next().value;
  if (session.looks.size >= MAX_LOOKS && oldest !== undefined) session.looks.delete(oldest);
  const look: Look = { ...asked, id: randomBytes(12).toString('base64url'), people: new Map() };
  session.looks.set(look.id, look);
  return look;
}

const MAX_IMPORTS = 3;

/** Keeps an import in its session; the oldest gives way. */
export function keepImport(session: Session, asked: ImportAsk): string {
  const oldest = session.imports.keys().next().value;
  if (session.imports.size >= MAX_IMPORTS && oldest !== undefined) session.imports.delete(oldest);
  const id = randomBytes(12).toString('base64url');
  session.imports.set(id, asked);
  return id;
}

/** 256 random bits. */
export function newId(): string {
  return randomBytes(32).toString('base64url');
}

const SEALED = /^[A-Za-z0-9_-]{40,1000}$/;

/** The sealed visit in a Cookie header, or null. */
export const sealedCookieOf = (header: string | undefined, name: string): string | null =>
  cookieOf(header, name, SEALED);

/** The id in a Cookie header, or null; only the shape of ours is looked at. */
export function cookieOf(header: string | undefined, name: string, shape = ID): string | null {
  for (const part of (header ?? '').split(';')) {
    const [key, value = ''] = part.trim().split('=');
    if (key === name && shape.test(value)) return value;
  }
  return null;
}

/**
 * Name of the browser's cookie. Over https its prefix keeps other hosts of the domain from setting it: nobody is put into
 * a session that somebody else has opened.
 */
export const cookieNameOf = (secure: boolean): string => (secure ? '__Host-tandem-console' : 'tandem-console');

/** The prefix asks for the whole host as the path; nothing outside the console reads a cookie. */
const attributes = (path: string, secure: boolean): string =>
  secure ? 'Path=/; Secure; HttpOnly' : `Path=${path}; HttpOnly`;

/** A Set-Cookie header for the browser's session: out of reach of scripts and of other sites. */
export function setCookie(name: string, value: string, secure: boolean): string {
  return `${name}=${value}; ${attributes('/console', secure)}; SameSite=Strict`;
}

/** The cookie of a visit to the sign-in provider: it must come back from another site, so it is Lax, short and opens nothing. */
export function setReturnCookie(name: string, value: string | null, secure: boolean): string {
  const life = value === null ? 0 : 600;
  return `${name}=${value ?? ''}; ${attributes('/console/signed-in', secure)}; Max-Age=${life}; SameSite=Lax`;
}
