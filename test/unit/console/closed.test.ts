/** Where no sign-in is configured the console is closed, whatever is asked. */
import { expect, test } from '@jest/globals';
import express from 'express';
import supertest from 'supertest';
import { THRESHOLDS } from '../../../src/audit/alert-rules.ts';
import { consoleRoutes } from '../../../src/console/routes.ts';
import type { ConsoleDeps } from '../../../src/console/visit.ts';
import { DEMO_IDENTITIES } from '../../../src/identity/identities.ts';

const absent = () => Promise.reject(new Error('must not be asked'));

/** Nothing of the record may be touched: everything but mode and clock is absent on purpose. */
const closed = (mode: 'production' | 'training', way: ConsoleDeps['signIn']) =>
  express().use(
    consoleRoutes({
      door: { mode, clock: () => new Date() } as Partial<ConsoleDeps['door']> as ConsoleDeps['door'],
      standing: () => Promise.reject(new Error('must not be asked')),
      signIn: way,
      anonymous: () => undefined,
      settings: { rules: [], thresholds: THRESHOLDS },
      keeper: { read: absent, sign: absent },
      issuer: 'https://tandem.example.org',
    }),
  );

const DEMO = { kind: 'demo', identities: DEMO_IDENTITIES } as const;

test.each([
  ['production', 'no sign-in', null],
  ['training', 'no sign-in', null],
  ['production', "the demo's list", DEMO],
  ['training', "the demo's list", DEMO],
] as const)('%s with %s shows that sign-in is not configured and nothing else', async (mode, _words, way) => {
  const app = closed(mode, way);
  for (const path of ['/console', '/console/sign-in', '/console/access-record', '/console/access-record/x']) {
    const page = await supertest(app).get(path);
    expect(page.status).toBe(503);
    expect(page.text).toContain('Sign-in is not configured');
    expect(page.text).not.toMatch(/<form|Imran|Priya/);
    expect(page.headers['set-cookie']).toBeUndefined();
    expect(page.headers['strict-transport-security']).toMatch(/max-age/);
  }
  const posted = await supertest(app).post('/console/sign-in').type('form').send({ identity: 'ig-officer' });
  expect(posted.status).toBe(503);
  expect(posted.headers['set-cookie']).toBeUndefined();
});
