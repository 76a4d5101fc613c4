import { describe, expect, test } from '@jest/globals';
import { Outcome } from '../../../src/fhir/outcome.ts';
import { bearerToken, createVerifier } from '../../../src/identity/verify.ts';
import { AUDIENCE, ISSUER, later, NOW, place, SECONDS } from './place.ts';

const house = place();
const { verifier, twisted } = house;

function refusal(run: () => unknown): Outcome {
  try {
    run();
  } catch (error) {
    if (error instanceof Outcome) return error;
    throw error;
  }
  throw new Error('was taken');
}

describe('accepted bearer tokens', () => {
  test('a practitioner', () => {
    expect(verifier.verifyBearer(house.token(), NOW)).toEqual({
      issuer: ISSUER,
      subject: 'mw-priya',
      clientId: 'tandem-demo-app',
      clientKey: null,
      jti: expect.any(String),
      scopes: ['user/*.cruds'],
      fhirUser: 'PractitionerRole/mw-priya',
      org: 'Organization/maternity-service',
      patient: null,
      acr: 'AAL3',
      authTime: NOW,
      purposeClaim: null,
      actingFor: null,
      expiresAt: later(900),
    });
  });

  test('a mother has her patient, and a purpose', () => {
    expect(verifier.verifyBearer(house.token('mother'), NOW)).toMatchObject({
      fhirUser: 'Patient/aisha',
      patient: 'Patient/aisha',
      purposeClaim: 'PATRQT',
    });
  });

  test('a system client acting for a person; the person is nobody without an id', () => {
    const person = { sds_user_id: '555254', role_code: 'R0690', team: 'North' };
    const token = twisted({ claims: { fhirUser: undefined, ...person } });
    expect(verifier.verifyBearer(token, NOW).actingFor).toMatchObject({
      userId: '555254',
      roleCode: 'R0690',
      team: 'North',
    });
    expect(verifier.verifyBearer(twisted({ claims: person }), NOW).actingFor).toBeNull();
    const nameless = twisted({ claims: { fhirUser: undefined, role_code: 'R0690' } });
    expect(verifier.verifyBearer(nameless, NOW).actingFor).toBeNull();
  });

  test.each([
    ['iat 60 s ahead', { claims: { iat: SECONDS + 60 } }],
    ['nbf 60 s ahead', { claims: { nbf: SECONDS + 60 } }],
    ['exactly the longest life', { claims: { exp: SECONDS + 8 * 3600 } }],
    ['typ JWT marked as access', { header: { typ: 'JWT' }, claims: { token_use: 'access' } }],
    ['typ in another case', { header: { typ: 'application/AT+JWT' } }],
    ['several audiences', { claims: { aud: ['https://other.example', AUDIENCE] } }],
    ['absolute fhirUser', { claims: { fhirUser: `${AUDIENCE}/PractitionerRole/mw-priya` } }],
  ])('%s', (_name, changes) => {
    expect(verifier.verifyBearer(twisted(changes), NOW).fhirUser).toBe('PractitionerRole/mw-priya');
  });
});

describe('Authorization header', () => {
  test.each([undefined, '', 'Bearer', 'Bearer ', 'Basic dTpw', 'Bearer a b', 'Bearera'])(
    '%p brings no token',
    (header) => {
      const outcome = refusal(() => bearerToken(header));
      expect(outcome.status).toBe(401);
      expect(outcome.headers['WWW-Authenticate']).toBe('Bearer realm="tandem"');
    },
  );

  test('the scheme has no case', () => expect(bearerToken('bEARER x.y.z')).toBe('x.y.z'));
});

describe('remembered tokens', () => {
  test('the same caller comes back, until exp and not a moment longer', () => {
    const own = place();
    const token = own.token();
    const first = own.verifier.verifyBearer(token, NOW);
    expect(own.verifier.verifyBearer(token, later(899))).toBe(first);
    expect(own.verifier.judge(token, later(900))).toBe('expired');
    expect(own.verifier.remembered()).toBe(0);
    expect(Object.isFrozen(first) && Object.isFrozen(first.scopes)).toBe(true);
  });

  test('the least recently used go first; refused ones are never kept', () => {
    const own = place(3);
    const [a = '', b = '', c = '', d = ''] = ['midwife', 'admin', 'mother', 'epr'].map((key) => own.token(key));
    const callers = [a, b, c].map((token) => own.verifier.judge(token, NOW));
    own.verifier.judge(a, NOW);
    own.verifier.judge(d, NOW);
    own.verifier.judge(`${d}x`, NOW);
    expect(own.verifier.remembered()).toBe(3);
    expect(own.verifier.judge(a, NOW)).toBe(callers[0]);
    expect(own.verifier.judge(b, NOW)).not.toBe(callers[1]);
  });

  test('a remembered token is at least ten times cheaper than a proof', () => {
    const own = place(10);
    const tokens = Array.from({ length: 100 }, () => own.token());
    const time = (list: readonly string[]): number => {
      const start = process.hrtime.bigint();
      for (const token of list) own.verifier.judge(token, NOW);
      return Number(process.hrtime.bigint() - start) / list.length;
    };
    time(tokens);
    const proof = time(tokens);
    const repeat = time(Array.from({ length: 2000 }, () => tokens[99] ?? ''));
    expect(proof / repeat).toBeGreaterThan(10);
  });
});

describe('R-39: how strongly staff signed in', () => {
  const { keys, log } = house;
  const asked = (required: boolean) => {
    const assurance = { levels: ['AAL2', 'AAL3'], required };
    return createVerifier({ keys, issuer: ISSUER, audience: AUDIENCE, maxLife: 28_800, assurance, log });
  };
  const acting = { fhirUser: undefined, sds_user_id: '555', acr: 'AAL1' };

  test.each([
    ['AAL3', { acr: 'AAL3' }, true],
    ['AAL1', { acr: 'AAL1' }, false],
    ['a word the configuration does not name', { acr: 'strong' }, false],
    ['a key of her own', { acr: 'own-key' }, true],
    ['through a system, AAL1', acting, false],
    ['through a system, AAL2', { ...acting, acr: 'AAL2' }, true],
  ])('%s', (_name, claims, isTaken) => {
    const judged = asked(true).judge(twisted({ claims }), NOW);
    expect(judged === 'assurance').toBe(!isTaken);
  });

  test('nothing said: refused where it must be said; families and systems are not judged', () => {
    const silent = twisted({ claims: { acr: undefined } });
    expect([asked(true).judge(silent, NOW), typeof asked(false).judge(silent, NOW)]).toEqual(['assurance', 'object']);
    for (const who of ['mother', 'epr'])
      expect([who, typeof asked(true).judge(house.token(who), NOW)]).toEqual([who, 'object']);
  });
});
