/** Where no sign-in is configured the console is closed, whatever is asked. */
import { createSecretKey } from 'node:crypto';
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

/** Were it handed in by mistake: nothing of it may be asked. */
const DEMO: ConsoleDeps['signIn'] = {
  provider: { begin: absent, finish: absent },
  demo: {
    people: [...DEMO_IDENTITIES.values()],
    client: { issuer: '', clientId: '', keyId: undefined, key: createSecretKey(Buffer.alloc(32)), reach: (url) => url },
    serve: absent,
    isUnderWay: absent,
    choose: absent,
  },
};

test.each([
  ['production', 'no sign-in', null],
  ['training', 'no sign-in', null],
  ['production', "the demo's provider", DEMO],
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
  const posted = await supertest(app).post('/console/sign-in/demo/x').type('form').send({ identity: 'ig-officer' });
  expect(posted.status).toBe(503);
  expect(posted.headers['set-cookie']).toBeUndefined();
  for (const path of ['auth', 'token', '.well-known/openid-configuration'])
    expect((await supertest(app).get(`/demo-sign-in/${path}`)).status).toBe(404);
});
