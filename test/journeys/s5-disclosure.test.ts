/**
 * S5 (domain.md 7.2): a confidential disclosure leaves no trace for anybody who may not know of it. What every audience is
 * answered is kept from before it, asked again after it, and must be the same, byte for byte; every version of everything
 * about her is asked for by everybody, and who gets it stands in a golden file.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
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
import type { JsonObject, Resource } from '../../src/fhir/types.ts';
import { found } from '../harness/client.ts';
import { HEALTH_VISITING } from '../harness/directory.ts';
import { type Service, staff, startService, type Who } from '../harness/service.ts';

const CANON = 'https://tandem.example/fhir';
const SNOMED = 'http://snomed.info/sct';
/** Words and codes of the disclosure; none may reach anybody but who may know. */
const TRACES = [
  'CANARY-DISCLOSURE',
  'CANARY-CONTACT',
  'CANARY-OTHER',
  '878111000000109',
  'disclosed-current',
  'SDV',
  'ask-in-private',
];
/** Traces in a text; a code of three letters only as a word of its own, since opaque handles hold any three letters. */
const tracesIn = (text: string): string[] =>
  TRACES.filter((word) => (word === 'SDV' ? /(?<![\w-])SDV(?![\w-])/.test(text) : text.includes(word)));
const GOLDEN = new URL('golden/s5-audiences.txt', import.meta.url);

let service: Service;
let hook: Webhook;
let family: VisitedFamily;
/** What the disclosure wrote: name -> `Type/id`. */
const written = new Map<string, string>();
let before: Map<string, string[]>;
let after: Map<string, string[]>;

beforeAll(async () => {
  service = await startService();
  await service.directory();
  hook = await openWebhook();
  const world: World = {
    fhir: fhirAt(service.base),
    cast: castOf(service.base.slice(0, -'/fhir/R4'.length), service.config.dataDir),
    hook,
    screen: createScreen({ write: () => undefined, colour: false, rest: 0 }),
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
  await permitPartner();
  await subscribe();
  before = await answersOf();
  await disclose();
  after = await answersOf();
}, 120_000);
afterAll(async () => {
  await service.close();
  await hook.close();
});

const ref = (reference: string) => ({ reference });
const concept = (system: string, code: string): JsonObject => ({ coding: [{ system, code }] });
const local = (system: string, code: string): JsonObject => concept(`${CANON}/CodeSystem/${system}`, code);
const idOf = (reference: string): string => reference.slice(reference.indexOf('/') + 1);

async function permitPartner(): Promise<void> {
  const actor = [
    {
      role: concept('http://terminology.hl7.org/CodeSystem/v3-ParticipationType', 'IRCP'),
      reference: ref(family.partner),
    },
  ];
  const permit: Resource = {
    resourceType: 'Consent',
    status: 'active',
    scope: concept('http://terminology.hl7.org/CodeSystem/consentscope', 'patient-privacy'),
    category: [concept('http://terminology.hl7.org/CodeSystem/v3-ActCode', 'IRDSCL')],
    policy: [{ uri: `${CANON}/policy/joint-visit-sharing` }],
    patient: ref(family.patient),
    provision: { type: 'permit', actor },
  };
  expect((await service.as('midwife').post('Consent', permit)).status).toBe(201);
}

/** Health visiting's own system may hear of R of its own service, and only that there is something. */
async function subscribe(): Promise<void> {
  const { json } = await service.as('steward').get('Contract?_count=20');
  const [any] = found({ json } as never);
  const contract = (await service.as('steward').get(any ?? '')).json as Resource;
  const terms = Array.isArray(contract.term) ? contract.term : [];
  const [term] = terms as JsonObject[];
  const role = (code: string) => concept('http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code);
  const own: Resource = {
    ...contract,
    id: 'safeguarding-hv',
    identifier: [{ system: `${CANON}/Id/agreement`, value: 'safeguarding-hv' }],
    term: [
      {
        ...term,
        offer: {
          ...Object(term?.offer),
          party: [
            { role: role('CST'), reference: [ref(HEALTH_VISITING)] },
            { role: role('IRCP'), reference: [ref(HEALTH_VISITING)] },
          ],
        },
        securityLabel: [
          {
            number: [1],
            classification: { system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' },
            control: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'COC' }],
          },
        ],
        asset: [{ type: [concept('http://hl7.org/fhir/resource-types', 'Flag')] }],
      },
    ],
  };
  await service.load([own]);
  const extension = (name: string, valueCode: string) => ({
    url: `http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/${name}`,
    valueCode,
  });
  const made = await service.as('hv-system').post('Subscription', {
    resourceType: 'Subscription',
    status: 'requested',
    reason: 'a journey',
    criteria: `${CANON}/SubscriptionTopic/safeguarding-flag`,
    channel: {
      type: 'rest-hook',
      endpoint: hook.endpoint('flags'),
      payload: 'application/fhir+json',
      _payload: { extension: [extension('backport-payload-content', 'empty')] },
    },
  });
  expect([made.status, made.status === 201 ? '' : made.text]).toEqual([201, '']);
  await hook.next('flags', 'handshake', () => true, 10_000);
}

/** The next contact: Aisha is alone, and tells. */
async function disclose(): Promise<void> {
  const patient = ref(family.patient);
  const make = async (who: Who, name: string, resource: Resource): Promise<void> => {
    const reply = await service.as(who).post(resource.resourceType, resource);
    expect([name, reply.status, reply.status === 201 ? '' : reply.text]).toEqual([name, 201, '']);
    written.set(name, `${resource.resourceType}/${reply.json.id}`);
  };
  const yes = { valueCoding: { system: `${CANON}/CodeSystem/da-asked`, code: 'yes' } };
  const told = { valueCoding: { system: `${CANON}/CodeSystem/da-outcome`, code: 'disclosed-current' } };
  const item = (linkId: string, answer: JsonObject): JsonObject => ({ linkId, answer: [answer] });
  await make('midwife', 'confidential response', {
    resourceType: 'QuestionnaireResponse',
    questionnaire: `${CANON}/Questionnaire/joint-visit-confidential`,
    status: 'completed',
    subject: patient,
    authored: new Date().toISOString(),
    author: ref('PractitionerRole/mw-priya'),
    item: [
      item('jvc.alone', { valueBoolean: true }),
      {
        linkId: 'jvc.da',
        item: [
          item('jvc.da.asked', yes),
          item('jvc.da.outcome', told),
          item('jvc.da.details', { valueString: 'CANARY-DISCLOSURE' }),
        ],
      },
      item('jvc.safe-contact', { valueString: 'CANARY-CONTACT' }),
      { linkId: 'jvc.third-party', item: [item('jvc.third-party.text', { valueString: 'CANARY-OTHER' })] },
    ],
  });
  await make('midwife', 'finding from it', {
    resourceType: 'Observation',
    status: 'final',
    code: { text: 'CANARY-DISCLOSURE' },
    subject: patient,
    effectiveDateTime: new Date().toISOString(),
    derivedFrom: [ref(written.get('confidential response') ?? '')],
  });
  await make('midwife', 'task to ask again', {
    resourceType: 'Task',
    status: 'requested',
    intent: 'order',
    code: local('jv-task', 'ask-in-private'),
    for: patient,
    authoredOn: new Date().toISOString(),
    owner: ref('PractitionerRole/mw-priya'),
  });
  const review = {
    resourceType: 'Task',
    id: 'review',
    status: 'requested',
    intent: 'order',
    code: local('jv-task', 'safeguarding-review'),
    for: patient,
    authoredOn: new Date().toISOString(),
    owner: ref('PractitionerRole/sg-moira'),
  };
  await service.load([review]);
  await make('safeguarding', 'safeguarding flag', {
    resourceType: 'Flag',
    status: 'active',
    category: [concept('https://fhir.nhs.uk/CodeSystem/flag-categories-bars', 'SG')],
    code: concept(SNOMED, '878111000000109'),
    subject: patient,
  });
  for (const reference of written.values()) await service.as('midwife').get(reference);
}

const mother = (): Who => ({
  like: 'mother',
  claims: { sub: 'mother', fhirUser: family.patient, patient: idOf(family.patient) },
});
const partner = (): Who => ({
  like: 'partner',
  claims: { sub: 'partner', fhirUser: family.partner, patient: idOf(family.patient) },
});

/** Who may not know. */
const OUTSIDE: readonly [string, () => Who][] = [
  ['mother', mother],
  ['partner', partner],
  ['admin', () => 'admin'],
  ['service lead', () => 'service-lead'],
  ['EPR', () => 'epr'],
  ['HV system', () => 'hv-system'],
  ['health visitor of no team', () => staff('hv-none')],
  ['midwife of others', () => staff('mw-other')],
  ['nursery nurse', () => 'nursery-nurse'],
];
const TYPES =
  'RelatedPerson Group Observation Condition QuestionnaireResponse Flag Task CarePlan Goal RiskAssessment Encounter Appointment Communication DocumentReference Composition Consent Provenance ServiceRequest CareTeam EpisodeOfCare AllergyIntolerance'.split(
    ' ',
  );

/** The parameter that names her, where it is not `patient`. */
const ABOUT: Readonly<Record<string, string>> = { Group: 'member', Provenance: 'target' };

/** Everything an audience can ask about her; the answers without what differs between any two. */
async function answersOf(): Promise<Map<string, string[]>> {
  const id = idOf(family.patient);
  const paths = [
    family.patient,
    `${family.patient}/_history`,
    `${family.patient}/$everything`,
    `${family.patient}/$everything?_since=2020-01-01`,
    `${family.patient}/$who-viewed`,
    `${family.patient}/*?_count=200`,
    `${family.working}/_history`,
    `${family.confidential}/_history`,
    `Patient?_has:Flag:patient:code=878111000000109`,
    `Patient?_id=${id}&_revinclude=Flag:patient&_revinclude=Task:patient&_revinclude=QuestionnaireResponse:patient`,
    `Encounter?patient=${id}&_revinclude=Observation:encounter`,
    ...TYPES.map((type) => `${type}?${ABOUT[type] ?? 'patient'}=${family.patient}&_total=accurate&_sort=-_lastUpdated`),
    ...['Flag', 'Task', 'QuestionnaireResponse', 'Observation'].flatMap((type) => [
      `${type}?patient=${id}&_summary=count`,
      `${type}/_history?_count=5`,
    ]),
  ];
  const all = new Map<string, string[]>();
  for (const [name, who] of OUTSIDE) {
    const client = service.as(who());
    const answers: string[] = [];
    for (const path of paths) {
      const reply = await client.get(path);
      answers.push(`${path} ${reply.status} ${still(reply.text)}`);
    }
    all.set(name, answers);
  }
  return all;
}

/** Times of the answer itself, handles and page links differ between any two answers. */
const still = (text: string): string =>
  text
    .replace(/^(\{"resourceType":"Bundle".{0,200}?"lastUpdated":)"[^"]*"/, '$1"T"')
    .replace(/"timestamp":"[^"]*"/g, '"timestamp":"T"')
    .replace(/"valueString":"[\w-]{100,}"/g, '"valueString":"H"')
    .replace(/_page=[\w.-]+/g, '_page=P')
    .replace(/request [0-9a-f-]{36}/g, 'request R');

/**
 * Who sees that there is a flag, and not which: health visiting's own system, as its agreement names it, and who must ask a
 * clinician before she calls or visits (5.3, R-25, H-07).
 */
const TOLD_OF_A_FLAG: ReadonlySet<string> = new Set(['HV system', 'admin', 'nursery nurse']);

test.each(OUTSIDE.map(([name]) => name))('%s is answered as before it, byte for byte', (name) => {
  const flagged = TOLD_OF_A_FLAG.has(name);
  if (!flagged) expect(after.get(name)).toEqual(before.get(name));
  for (const answer of after.get(name) ?? []) {
    const [path = ''] = answer.split(' ');
    const body = answer.slice(path.length);
    expect([path, tracesIn(body)]).toEqual([path, []]);
    for (const [what, reference] of written) {
      if (flagged && what === 'safeguarding flag') continue;
      expect([path, body.includes(idOf(reference))]).toEqual([path, false]);
    }
  }
});

describe('what else leaves', () => {
  test('the notification says that there is something, and nothing of it', async () => {
    const { bundle, focus } = await hook.next('flags', 'event-notification', () => true, 10_000);
    const text = JSON.stringify(bundle);
    for (const word of ['Flag', 'safeguarding', idOf(family.patient)])
      expect([word, text.includes(word)]).toEqual([word, false]);
    expect(tracesIn(text)).toEqual([]);
    expect(focus ?? null).toBeNull();
  });

  test('Moira and the care team know', async () => {
    for (const who of ['safeguarding', 'midwife', 'health-visitor'] as const) {
      expect([who, (await service.as(who).get(written.get('safeguarding flag') ?? '')).status]).toEqual([who, 200]);
      expect([who, (await service.as(who).get(written.get('confidential response') ?? '')).status]).toEqual([who, 200]);
    }
  });
});

describe('every version of everything about her, as every audience (vector 54)', () => {
  test('is as the golden file says', async () => {
    const { rows } = await service.pool.query<{ type: string; id: string; version: number }>(
      `select type, id, version from (select type, id, version, subjects from resource union all select type, id, version, subjects from history) v
       where $1 = any (subjects) and type in ('QuestionnaireResponse', 'Flag', 'Task', 'Observation') order by type, id, version`,
      [family.patient],
    );
    const names = new Map([...written].map(([name, reference]) => [reference, name]));
    names.set(family.working, 'working copy');
    names.set(family.confidential, 'first confidential response');
    const copies = found(
      await service.as('steward').get(`QuestionnaireResponse?patient=${idOf(family.patient)}`),
    ).filter((one) => !names.has(one));
    for (const one of copies) names.set(one, 'shared copy');
    const audiences: [string, () => Who][] = [
      ['author', () => 'midwife'],
      ['other author', () => 'health-visitor'],
      ['safeguarding', () => 'safeguarding'],
      ...OUTSIDE,
    ];
    const lines = new Map<string, string>();
    for (const { type, id, version } of rows) {
      const name = names.get(`${type}/${id}`);
      if (name === undefined) continue;
      const seen: string[] = [];
      for (const [audience, who] of audiences) {
        const reply = await service.as(who()).get(`${type}/${id}/_history/${version}`);
        const leaked = reply.status === 200 ? [] : tracesIn(reply.text);
        expect([name, audience, leaked]).toEqual([name, audience, []]);
        if (reply.status === 200) seen.push(audience);
      }
      const last = rows.filter((one) => one.type === type && one.id === id).at(-1)?.version === version;
      lines.set(`${name}, ${last ? 'current' : 'superseded'}`, seen.join(', ') || 'nobody');
    }
    const text = `${[...lines]
      .map(([what, seen]) => `${what}: ${seen}`)
      .sort()
      .join('\n')}\n`;
    if (process.env.GOLDEN === 'write' || !existsSync(GOLDEN)) writeFileSync(GOLDEN, text);
    expect(text).toBe(readFileSync(GOLDEN, 'utf8'));
  }, 60_000);
});
