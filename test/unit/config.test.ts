import { describe, expect, test } from '@jest/globals';
import { ConfigError, type Environment, isLoopback, VARIABLES } from '../../src/config/reader.ts';
import { loadConfig } from '../../src/config.ts';

const DATABASE = 'postgresql://tandem_owner:secret@db.example:5432/tandem';
const PRODUCTION: Environment = { MODE: 'production', DATABASE_URL: DATABASE, PUBLIC_URL: 'https://record.example' };

function problemsOf(env: Environment): readonly string[] {
  try {
    loadConfig(env, '/srv');
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

const SIGN_IN = { OIDC_ISSUER: 'https://login.example', OIDC_CLIENT_ID: 'tandem', OIDC_KEY_FILE: 'keys/client.pem' };

describe('what an environment means', () => {
  test('nothing set is a demo on loopback with everything under ./data', () => {
    expect(loadConfig({}, '/srv')).toEqual({
      mode: 'demo',
      corsOrigins: [],
      disk: { path: '/srv/data', alarmMegabytes: 2_048, stopMegabytes: 512 },
      terminology: null,
      alertWebhook: undefined,
      checkpointS3: null,
      checkpointSyslog: null,
      hrFile: undefined,
      sampleSize: 20,
      host: '127.0.0.1',
      port: 8080,
      safeguardingContact: 'the on-call safeguarding lead of your service',
      freshSignIn: 28_800,
      assurance: { levels: ['AAL2', 'AAL3'], required: false },
      databaseUrl: undefined,
      serviceDatabaseUrl: undefined,
      dataDir: '/srv/data',
      publicUrl: undefined,
      logLevel: 'info',
      seed: 'demo',
      signIn: null,
      bodyLimit: 16_777_216,
      poolSize: 16,
      jointWindowEdge: '25+6',
      notifyRule: 'dating-scan-or-12+0',
      webhookAllow: ['127.0.0.1', 'localhost'],
      checkpointCopy: undefined,
      packageDir: '/srv/packages',
      definitionAuthors: { clients: ['steward'], roles: [] },
      alertRules: undefined,
    });
  });

  test.each<[string, Environment, Partial<ReturnType<typeof loadConfig>>]>([
    ['empty is unset', { MODE: '', PORT: ' ', DATA_DIR: '' }, { mode: 'demo', port: 8080, dataDir: '/srv/data' }],
    ['any loopback address', { HOST: '127.0.0.9' }, { mode: 'demo' }],
    [
      "demo on a database of one's own",
      { MODE: 'demo', DATABASE_URL: DATABASE },
      { mode: 'demo', databaseUrl: DATABASE },
    ],
    ['training is not seeded unless asked', { MODE: 'training' }, { mode: 'training', seed: 'none', webhookAllow: [] }],
    ['training seeded', { MODE: 'training', SEED: 'demo' }, { seed: 'demo' }],
    ['training for others', { MODE: 'training', HOST: '0.0.0.0' }, { mode: 'training', host: '0.0.0.0' }],
    ['demo that starts empty', { SEED: 'none' }, { mode: 'demo', seed: 'none' }],
    [
      'production',
      PRODUCTION,
      { mode: 'production', seed: 'none', publicUrl: 'https://record.example', webhookAllow: [] },
    ],
    ['slash at the end of PUBLIC_URL', { PUBLIC_URL: 'http://localhost:9/x/' }, { publicUrl: 'http://localhost:9/x' }],
    ['absolute folder', { DATA_DIR: '/var/lib/tandem' }, { dataDir: '/var/lib/tandem' }],
    ['relative folder', { DATA_DIR: '../other' }, { dataDir: '/other' }],
    ['packages', { PACKAGE_DIR: 'guides' }, { packageDir: '/srv/guides' }],
    ['second place of checkpoints', { CHECKPOINT_COPY: 'worm/c.jsonl' }, { checkpointCopy: '/srv/worm/c.jsonl' }],
    ['port chosen by the system', { PORT: '0' }, { port: 0 }],
    ['edge of the window', { JOINT_WINDOW_EDGE: '25+0' }, { jointWindowEdge: '25+0' }],
    ['notify rule', { NOTIFY_RULE: 'immediate' }, { notifyRule: 'immediate' }],
    [
      'a sign-in with the claims of CIS2',
      { ...PRODUCTION, ...SIGN_IN },
      {
        signIn: {
          issuer: 'https://login.example',
          clientId: 'tandem',
          keyFile: '/srv/keys/client.pem',
          keyId: undefined,
          scope: 'openid profile nhsperson nationalrbacaccess associatedorgs',
          leastAssurance: 2,
          personClaim: undefined,
          roleClaim: undefined,
          assuranceClaim: undefined,
        },
      },
    ],
    [
      'receivers',
      { WEBHOOK_ALLOW: 'HV.example.org:8443, *.nhs.example' },
      { webhookAllow: ['hv.example.org:8443', '*.nhs.example'] },
    ],
  ])('%s', (_, env, expected) => {
    expect(loadConfig(env, '/srv')).toMatchObject(expected);
  });

  test('it cannot be changed afterwards', () => {
    const config = loadConfig({}, '/srv');
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.webhookAllow)).toBe(true);
  });
});

describe('what is refused, and in which words', () => {
  test.each<[string, Environment, RegExp]>([
    ['a database without a mode', { DATABASE_URL: DATABASE }, /^MODE must be set/],
    ['an open address without a mode', { HOST: '0.0.0.0' }, /^MODE must be set/],
    ['a demo for others', { MODE: 'demo', HOST: '0.0.0.0' }, /loopback only/],
    ['a demo for others on IPv6', { MODE: 'demo', HOST: '::' }, /loopback only/],
    ['production without a database', { MODE: 'production', PUBLIC_URL: 'https://a.example' }, /needs DATABASE_URL/],
    ['production without an address', { MODE: 'production', DATABASE_URL: DATABASE }, /needs PUBLIC_URL/],
    ['production in the clear', { ...PRODUCTION, PUBLIC_URL: 'http://record.example' }, /must be https/],
    ['synthetic families in production', { ...PRODUCTION, SEED: 'demo' }, /never goes into production/],
    ['an unknown mode', { MODE: 'Production' }, /MODE must be one of demo, training, production/],
    ['a port in words', { PORT: 'http' }, /PORT must be a whole number from 0 to 65535, not "http"/],
    ['a port too high', { PORT: '65536' }, /PORT must be/],
    ['a negative limit', { BODY_LIMIT: '-1' }, /BODY_LIMIT must be/],
    ['a body limit nobody can use', { BODY_LIMIT: '10' }, /BODY_LIMIT must be/],
    ['another database', { MODE: 'demo', DATABASE_URL: 'mysql://x/y' }, /DATABASE_URL must be an address/],
    ['a service role alone', { SERVICE_DATABASE_URL: DATABASE }, /only together with DATABASE_URL/],
    ['a receiver with a path', { WEBHOOK_ALLOW: 'https://hv.example/hook' }, /"https:\/\/hv.example\/hook" is none/],
    ['an origin with a path', { CORS_ORIGINS: 'https://app.example/x' }, /CORS_ORIGINS lists origins/],
    ['a terminology server in the clear', { ...PRODUCTION, TERMINOLOGY_URL: 'http://terms.example' }, /must be https/],
    ['a terminology server with a password', { TERMINOLOGY_URL: 'https://u:p@terms.example' }, /a FHIR base alone/],
    ['an empty receiver', { WEBHOOK_ALLOW: 'a.example,,b.example' }, /"" is none/],
    ['half a sign-in', { ...PRODUCTION, OIDC_ISSUER: 'https://login.example' }, /belong together/],
    ['a sign-in in the demo', SIGN_IN, /built-in provider/],
    ['a sign-in in the clear', { ...PRODUCTION, ...SIGN_IN, OIDC_ISSUER: 'http://login.example' }, /must be https/],
    ['a level nobody has', { ...PRODUCTION, ...SIGN_IN, OIDC_LEAST_AAL: '4' }, /OIDC_LEAST_AAL must be/],
    ['an unknown rule', { NOTIFY_RULE: 'later' }, /NOTIFY_RULE must be one of/],
  ])('%s', (_, env, words) => {
    const problems = problemsOf(env);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(words);
  });

  test('every problem is told at once', () => {
    const env: Environment = { MODE: 'production', PORT: 'x', LOG_LEVEL: 'loud', SEED: 'demo' };
    expect(problemsOf(env)).toHaveLength(5);
    expect(() => loadConfig(env)).toThrow(/PORT must[\s\S]*LOG_LEVEL must[\s\S]*needs DATABASE_URL/);
  });

  test('a password never appears in a message', () => {
    const env: Environment = {
      MODE: 'demo',
      DATABASE_URL: 'postgres:hunter2@db',
      SERVICE_DATABASE_URL: 'http://u:hunter2@db',
    };
    expect(problemsOf(env).join(' ')).not.toContain('hunter2');
  });
});

test('every variable is read under its own name', () => {
  const read = new Set<string>();
  const env = new Proxy<Environment>({}, { get: (_, name) => void read.add(String(name)) });
  loadConfig(env, '/srv');
  expect([...read].sort()).toEqual([...VARIABLES].sort());
});

test.each([
  ['127.0.0.1', true],
  ['127.1.2.3', true],
  ['::1', true],
  ['localhost', true],
  ['0.0.0.0', false],
  ['::', false],
  ['10.0.0.1', false],
  ['127.0.0.1.example.org', false],
  ['localhost.example.org', false],
])('%s is loopback: %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});
