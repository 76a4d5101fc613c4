/**
 * S4 and S6 seen by every audience (domain.md 2.5, 5.3, 7.2): a family is carried through visit, release, amendment and
 * extraction, and then each version of each of its responses is asked for by everybody, by id, version, history and search.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { castOf } from '../../scripts/story/cast.ts';
import { fhirAt } from '../../scripts/story/http.ts';
import { unsubscribeAll } from '../../scripts/story/s1.ts';
import { s4 } from '../../scripts/story/s4.ts';
import { s6 } from '../../scripts/story/s6.ts';
import { createScreen } from '../../scripts/story/screen.ts';
import { openWebhook, type Webhook } from '../../scripts/story/webhook.ts';
import type { VisitedFamily, World } from '../../scripts/story/world.ts';
import { civilDate } from '../../src/care/clock.ts';
import { at, type Client, found, resources, textAt } from '../harness/client.ts';
import { type Service, staff, startService, type Who } from '../harness/service.ts';

let service: Service;
let hook: Webhook;
let family: VisitedFamily;
let copy = '';
let plan = '';
let printed = '';

beforeAll(async () => {
  service = await startService();
  await service.directory();
  hook = await openWebhook();
  const issuer = service.base.slice(0, -'/fhir/R4'.length);
  const world: World = {
    fhir: fhirAt(service.base),
    cast: castOf(issuer, service.config.dataDir),
    hook,
    screen: createScreen({ write: (text) => (printed += text), colour: false, rest: 0 }),
    today: civilDate(new Date()),
    clock: 1,
    dataDir: service.config.dataDir,
    subscriptions: [],
  };
  await s4(world);
  await s6(world);
  await unsubscribeAll(world);
  if (world.visited === undefined) throw new Error('no visit was played');
  family = world.visited;
  const responses = await service.as('steward').get(`QuestionnaireResponse?patient=${family.patient}`);
  copy = found(responses).find((one) => one !== family.working && one !== family.confidential) ?? '';
  plan = found(await service.as('steward').get(`CarePlan?patient=${family.patient}`))[0] ?? '';
}, 90_000);
afterAll(async () => {
  await service.close();
  await hook.close();
});

const mother = (): Who => {
  const patient = family.patient.slice('Patient/'.length);
  return { like: 'mother', claims: { sub: patient, fhirUser: family.patient, patient } };
};
const partner = (): Who => ({
  like: 'partner',
  claims: { sub: 'partner', fhirUser: family.partner, patient: family.patient.slice('Patient/'.length) },
});

/** Who reads what: working copy, shared copy, confidential response, plan. */
const AUDIENCES: readonly [
  name: string,
  who: () => Who,
  working: boolean,
  copy: boolean,
  secret: boolean,
  plan: boolean,
][] = [
  ['Helen, author', () => 'health-visitor', true, true, true, true],
  ['Priya, author', () => 'midwife', true, true, true, true],
  ['Tom, admin', () => 'admin', false, false, false, false],
  ['Imran, IG officer', () => 'ig-officer', false, false, false, false],
  ['Sue, service lead', () => 'service-lead', false, false, false, false],
  ['a midwife of another family', () => staff('mw-other'), false, false, false, false],
  // An accepted referral is the team's that took it, not the whole service's (R-06 c).
  ['a health visitor in no team of hers', () => staff('hv-none'), false, false, false, false],
  ['EPR', () => 'epr', false, true, false, true],
  ['HV system', () => 'hv-system', false, true, false, true],
  ['the mother', mother, false, true, false, true],
  ['her partner without a permit', partner, false, false, false, false],
];

/** Statuses of all versions by vread, of the read, and of the history. */
async function asked(who: Client, address: string): Promise<{ read: number; versions: number[]; history: number }> {
  const all = Number(textAt((await service.as('steward').get(address)).json, 'meta.versionId'));
  const versions: number[] = [];
  for (let version = 1; version <= all; version += 1)
    versions.push((await who.get(`${address}/_history/${version}`)).status);
  const history = await who.get(`${address}/_history`);
  return {
    read: (await who.get(address)).status,
    versions,
    history: history.status === 200 ? resources(history).length : 0,
  };
}

describe('each version of each response, asked for by everybody', () => {
  test('the stage is set: three versions at least of the working copy, two of the shared one', async () => {
    expect(printed).not.toContain('✗');
    const steward = service.as('steward');
    expect(Number(textAt((await steward.get(family.working)).json, 'meta.versionId'))).toBeGreaterThan(3);
    expect(textAt((await steward.get(copy)).json, 'meta.versionId')).toBe('2');
    expect([copy, plan]).toEqual([
      expect.stringMatching(/^QuestionnaireResponse\//),
      expect.stringMatching(/^CarePlan\//),
    ]);
  });

  test.each(AUDIENCES)('%s', async (_name, who, working, shared, secret, planned) => {
    const client = service.as(who());
    for (const [address, permitted] of [
      [family.working, working],
      [copy, shared],
      [family.confidential, secret],
    ] as const) {
      const seen = await asked(client, address);
      if (permitted) expect([address, seen.read]).toEqual([address, 200]);
      else {
        expect([403, 404]).toContain(seen.read);
        for (const status of seen.versions) expect([403, 404]).toContain(status);
        expect(seen.history).toBe(0);
      }
    }
    const reply = await client.get(plan);
    expect(planned ? [200] : [403, 404]).toContain(reply.status);
    const search = await client.get(`QuestionnaireResponse?patient=${family.patient}&_total=accurate`);
    const wanted = [working && family.working, shared && copy, secret && family.confidential].filter(
      (one) => one !== false,
    );
    if (search.status === 200) {
      expect(found(search).toSorted()).toEqual(wanted.toSorted());
      expect(search.json.total).toBe(wanted.length);
    } else expect([search.status, wanted]).toEqual([403, []]);
  });

  test('what the family and the systems see holds no word of the confidential response, by any way', async () => {
    const secretId = family.confidential.slice('QuestionnaireResponse/'.length);
    for (const who of [mother(), partner(), 'epr', 'hv-system', 'admin'] as Who[]) {
      const client = service.as(who);
      for (const path of [
        `${family.patient}/$everything`,
        `Task?patient=${family.patient}`,
        `Provenance?target=${family.confidential}`,
        `Task?patient=${family.patient}&code=ask-in-private`,
        `Encounter?patient=${family.patient}&_revinclude=QuestionnaireResponse:encounter`,
      ]) {
        const shown = JSON.stringify(resources(await client.get(path)));
        const leaks = [secretId, 'ask-in-private', 'jvc.alone', 'Follow-up call'].filter((word) =>
          shown.includes(word),
        );
        expect([path, leaks]).toEqual([path, []]);
      }
    }
  });
});

describe('what the extraction left', () => {
  test('findings are hers with the unborn baby in focus; no score, no probability; one proposal', async () => {
    const helen = service.as('health-visitor');
    const findings = resources(await helen.get(`Observation?patient=${family.patient}&_count=100`));
    const ours = findings.filter((one) => at(one, 'derivedFrom.0.reference') === copy);
    expect(ours.length).toBeGreaterThan(5);
    for (const one of ours) expect(at(one, 'subject.reference')).toBe(family.patient);
    const voice = ours.find((one) => at(one, 'code.coding.0.code') === 'voice-of-unborn');
    expect(at(voice, 'focus.0.reference')).toBe(family.baby);
    const [risk] = resources(await helen.get(`RiskAssessment?patient=${family.patient}`));
    expect(at(risk, 'prediction.0.qualitativeRisk.coding.0.code')).toBe('vulnerable-protective');
    expect(JSON.stringify(risk)).not.toMatch(/probability|relativeRisk/);
    const goals = resources(await helen.get(`Goal?patient=${family.patient}`));
    expect(goals.map((one) => one.lifecycleStatus).toSorted()).toEqual(['active', 'active', 'proposed']);
  });

  test('every notification was made of ids', () => {
    const all = ['hv-referrals', 'hv-plans', 'epr-plans'].flatMap((name) => hook.received(name, 'event-notification'));
    expect(all.length).toBeGreaterThan(2);
    const text = JSON.stringify(all.map(({ bundle }) => bundle));
    for (const word of [family.family.surname, family.family.nhsNumber, family.patient, 'Meet other', 'Chloe'])
      expect(text).not.toContain(word);
  });
});
