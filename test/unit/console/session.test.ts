/** Sessions in memory and what a cookie may be. */
import { expect, test } from '@jest/globals';
import {
  cookieNameOf,
  cookieOf,
  createSessions,
  IDLE_MS,
  keepLook,
  newId,
  type SignedInPerson,
  setCookie,
  setReturnCookie,
} from '../../../src/console/session.ts';

const PERSON: SignedInPerson = {
  name: 'Imran',
  issuer: 'https://tandem.example.org',
  subject: 'ig-imran',
  fhirUser: 'PractitionerRole/ig-imran',
  org: null,
  patient: null,
  scopes: ['user/*.cruds'],
  purpose: 'HSYSADMIN',
};

const at = { now: 0 };
const sessionsAt = () => createSessions(() => new Date(at.now));

test('a session left alone is told apart once, then unknown', () => {
  at.now = 0;
  const sessions = sessionsAt();
  const { id } = sessions.open(PERSON);
  at.now = IDLE_MS - 1;
  expect(sessions.find(id)?.state).toBe('open');
  at.now = IDLE_MS;
  expect(sessions.find(id)?.state).toBe('idle');
  expect(sessions.find(id)).toBeNull();
});

test('a session is found by its reference until it has ended', () => {
  const sessions = sessionsAt();
  const [one, two] = [sessions.open(PERSON), sessions.open(PERSON)];
  expect(sessions.byReference(two.reference)).toBe(two);
  sessions.end(two);
  expect([one, two].map(({ id }) => sessions.find(id)?.state)).toEqual(['open', undefined]);
  expect(sessions.byReference(two.reference)).toBeNull();
});

test('sessions and looks are bounded: the oldest gives way', () => {
  at.now = 0;
  const sessions = sessionsAt();
  const first = sessions.open(PERSON);
  for (let i = 0; i < 1_000; i += 1) sessions.open(PERSON);
  expect(sessions.find(first.id)).toBeNull();
  const session = sessions.open(PERSON);
  const look = keepLook(session, { nhsNumber: '9990001006', reason: 'x' });
  for (let i = 0; i < 50; i += 1) keepLook(session, { nhsNumber: '9990001006', reason: 'x' });
  expect(session.looks.size).toBe(50);
  expect(session.looks.has(look.id)).toBe(false);
});

test('a form is ours only with the cookie it was made for, in this process', () => {
  const sessions = sessionsAt();
  const cookie = newId();
  expect(sessions.isOurForm(cookie, sessions.formToken(cookie))).toBe(true);
  expect(sessions.isOurForm(newId(), sessions.formToken(cookie))).toBe(false);
  expect(sessions.isOurForm(cookie, '')).toBe(false);
  expect(sessions.isOurForm(cookie, sessionsAt().formToken(cookie))).toBe(false);
});

test.each([
  [undefined, null],
  ['', null],
  ['tandem-console=short', null],
  ['other=1; tandem-console=%; x', null],
])('cookie header %j names no session', (header, id) => {
  expect(cookieOf(header, 'tandem-console')).toBe(id);
});

test('a cookie is found beside others', () => {
  const id = newId();
  expect(cookieOf(`a=b; tandem-console=${id}; c=d`, 'tandem-console')).toBe(id);
});

test('over https both cookies are Secure, and no other host can set them; over http neither says so', () => {
  const secure = cookieNameOf(true);
  expect(setCookie(secure, 'v', true)).toBe('__Host-tandem-console=v; Path=/; Secure; HttpOnly; SameSite=Strict');
  expect(setReturnCookie(`${secure}-return`, 'v', true)).toBe(
    '__Host-tandem-console-return=v; Path=/; Secure; HttpOnly; Max-Age=600; SameSite=Lax',
  );
  expect(setReturnCookie(`${secure}-return`, null, true)).toMatch(/return=; .*Max-Age=0/);
  expect(setCookie(cookieNameOf(false), 'v', false)).toBe('tandem-console=v; Path=/console; HttpOnly; SameSite=Strict');
  expect(setReturnCookie('n', 'v', false)).toBe('n=v; Path=/console/signed-in; HttpOnly; Max-Age=600; SameSite=Lax');
});
