/** Facts derived from resources as domain.md shows them. */
import { describe, expect, test } from '@jest/globals';
import type { Resource } from '../../../src/fhir/types.ts';
import { agreementFaults } from '../../../src/governance/agreements.ts';
import { roleOf } from '../../../src/governance/directory.ts';
import { type FactContext, factsOf, lookupsOf, resolveFacts } from '../../../src/governance/facts.ts';
import { HV, MATERNITY, NOW } from './fixtures.ts';

const CANON = 'https://tandem.example/fhir';
const SNOMED = 'http://snomed.info/sct';
const REFERRAL_STATE = `${CANON}/CodeSystem/referral-state`;

const store: Record<string, Resource> = {
  'PractitionerRole/mw-1': { resourceType: 'PractitionerRole', id: 'mw-1', organization: { reference: MATERNITY } },
  'PractitionerRole/hv-1': { resourceType: 'PractitionerRole', id: 'hv-1', organization: { reference: HV } },
  'CareTeam/hv-duty': { resourceType: 'CareTeam', id: 'hv-duty', managingOrganization: [{ reference: HV }] },
  'HealthcareService/hv-north': { resourceType: 'HealthcareService', id: 'hv-north', providedBy: { reference: HV } },
  'ServiceRequest/r1': {
    resourceType: 'ServiceRequest',
    id: 'r1',
    subject: { reference: 'Patient/p1' },
    performer: [{ reference: 'HealthcareService/hv-north' }],
    supportingInfo: [{ reference: 'Observation/edd-1' }],
  },
  'Patient/p1': { resourceType: 'Patient', id: 'p1', managingOrganization: { reference: MATERNITY } },
  'Patient?identifier=https://fhir.nhs.uk/Id/nhs-number|9990001006': { resourceType: 'Patient', id: 'p1' },
  'RelatedPerson/mum': {
    resourceType: 'RelatedPerson',
    id: 'mum',
    patient: { reference: 'Patient/unborn-1' },
    relationship: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-RoleCode', code: 'NMTHF' }] }],
  },
};

const lookup = (reference: string): Resource | null => store[reference] ?? null;
const context: FactContext = { lookup, service: MATERNITY, now: NOW };
const facts = (resource: Resource, more: Partial<FactContext> = {}) => factsOf(resource, { ...context, ...more });
const parties = (resource: Resource) => facts(resource).relationships.map((one) => `${one.kind} ${one.party}`);

describe('referral', () => {
  const task = (state: string, more: object = {}): Resource => ({
    resourceType: 'Task',
    id: 't1',
    status: 'requested',
    businessStatus: { coding: [{ system: REFERRAL_STATE, code: state }] },
    code: { coding: [{ system: `${CANON}/CodeSystem/jv-task`, code: 'triage-referral' }] },
    focus: { reference: 'ServiceRequest/r1' },
    for: { reference: 'Patient/p1' },
    authoredOn: '2026-03-23T09:14:02Z',
    requester: { reference: 'PractitionerRole/mw-1' },
    owner: { reference: 'CareTeam/hv-duty' },
    ...more,
  });

  test('held: no relationship, the Task and its request hidden from the addressee', () => {
    const held = facts(task('held'));
    expect(held.relationships).toEqual([]);
    expect(held.row).toMatchObject({ released: false, addressee: HV, dataClass: 'referral', service: MATERNITY });
    expect(held.touches).toEqual([{ type: 'ServiceRequest', id: 'r1', released: false, addressee: HV }]);
  });

  test.each(['received', 'opened'])('%s: a referral relationship for owner and service, scoped', (state) => {
    const given = facts(task(state));
    expect(given.relationships.map((one) => [one.kind, one.party])).toEqual([
      ['referral', 'CareTeam/hv-duty'],
      ['referral', HV],
    ]);
    expect(given.relationships[0]?.scope).toEqual(['Task/t1', 'ServiceRequest/r1', 'Observation/edd-1']);
    expect(given.touches?.[0]?.released).toBe(true);
  });

  test.each(['accepted', 'triaged', 'scheduled', 'visited', 'plan-agreed'])('%s: accepted', (state) => {
    expect(parties(task(state))).toEqual(['referral-accepted CareTeam/hv-duty', `referral-accepted ${HV}`]);
  });

  test.each(['rejected', 'withdrawn', 'moved-out', 'pregnancy-ended'])('%s: revoked to the second', (state) => {
    expect(facts(task(state)).relationships[0]).toMatchObject({ until: NOW.toISOString(), ending: 'revoked' });
  });

  test('withdrawn while held: the addressee is never told', () => {
    const before = facts(task('held')).row;
    expect(facts(task('withdrawn'), { before }).touches?.[0]?.released).toBe(false);
    expect(facts(task('withdrawn'), { before: { ...before, released: true } }).touches?.[0]?.released).toBe(true);
  });

  test('a state nobody knows shows nothing', () => {
    expect(facts(task('banana')).relationships).toEqual([]);
    expect(facts(task('banana')).row.released).toBe(false);
  });

  test('the request waits for its Task, and keeps what the Task said', () => {
    const request: Resource = { ...store['ServiceRequest/r1'], resourceType: 'ServiceRequest', id: 'r1' };
    expect(lookupsOf(request)).toEqual(['HealthcareService/hv-north']);
    const first = facts(request).row;
    expect(first).toMatchObject({ released: false, addressee: HV });
    expect(facts(request, { before: { ...first, released: true } }).row.released).toBe(true);
  });

  test('any other open Task makes its owner able to do it; a finished one nobody', () => {
    const action = task('x', {
      code: { coding: [{ system: `${CANON}/CodeSystem/jv-task`, code: 'plan-action' }] },
      owner: { reference: 'PractitionerRole/hv-1' },
    });
    expect(parties(action)).toEqual(['task PractitionerRole/hv-1', `task ${HV}`]);
    expect(parties({ ...action, status: 'completed' })).toEqual([]);
  });
});

describe('care team and episode', () => {
  const team: Resource = {
    resourceType: 'CareTeam',
    id: 'f-1',
    status: 'active',
    subject: { reference: 'Patient/p1' },
    participant: [
      { member: { reference: 'PractitionerRole/mw-1' }, period: { start: '2026-03-02' } },
      { member: { reference: 'PractitionerRole/hv-1' }, period: { start: '2026-03-02', end: '2026-05-31' } },
      { member: { reference: 'RelatedPerson/danny' }, period: { start: '2026-03-02' } },
      { member: { reference: 'Practitioner/no-period' } },
    ],
  };

  test('members with a period, and their services; an end is a planned one and includes its day', () => {
    const { relationships } = facts(team);
    expect(relationships.map((one) => one.party)).toEqual([
      'PractitionerRole/mw-1',
      MATERNITY,
      'PractitionerRole/hv-1',
      HV,
    ]);
    expect(relationships[2]).toMatchObject({
      from: '2026-03-02T00:00:00.000Z',
      until: '2026-05-31T23:00:00.000Z',
      ending: 'closed',
    });
    expect(lookupsOf(team)).toEqual(['PractitionerRole/mw-1', 'PractitionerRole/hv-1']);
  });

  test('entered in error revokes, inactive closes, proposed is nothing', () => {
    expect(facts({ ...team, status: 'entered-in-error' }).relationships[0]).toMatchObject({
      until: NOW.toISOString(),
      ending: 'revoked',
    });
    expect(facts({ ...team, status: 'inactive' }).relationships[0]).toMatchObject({
      until: NOW.toISOString(),
      ending: 'closed',
    });
    expect(facts({ ...team, status: 'proposed' }).relationships).toEqual([]);
  });

  test('a team without subject is a directory team: memberships, no relationship', () => {
    const { subject: _subject, ...directory } = team;
    const given = facts({ ...directory, managingOrganization: [{ reference: HV }] });
    expect(given.relationships).toEqual([]);
    expect(given.row).toMatchObject({ dataClass: 'directory', subjects: [] });
    expect(given.directory.map((one) => `${one.kind} ${one.member}`)).toEqual([
      'team CareTeam/f-1',
      'membership PractitionerRole/mw-1',
      'membership PractitionerRole/hv-1',
      'membership Practitioner/no-period',
    ]);
  });

  const episode: Resource = {
    resourceType: 'EpisodeOfCare',
    id: 'e1',
    status: 'active',
    identifier: [{ system: `${CANON}/Id/pregnancy`, value: 'PREG-1' }],
    type: [{ coding: [{ system: SNOMED, code: '714089006' }] }],
    patient: { reference: 'Patient/p1' },
    managingOrganization: { reference: MATERNITY },
    team: [{ reference: 'CareTeam/mw-north' }],
    period: { start: '2026-03-02' },
  };

  test('a maternity episode opens its pregnancy, from ten weeks before booking until the next', () => {
    const given = facts(episode);
    expect(given.pregnancies).toEqual([
      { key: `${CANON}/Id/pregnancy|PREG-1`, mother: 'Patient/p1', from: '2025-12-22T00:00:00.000Z', until: null },
    ]);
    expect(parties(episode)).toEqual(['episode CareTeam/mw-north', `episode ${MATERNITY}`]);
    expect(facts({ ...episode, status: 'planned' }).relationships).toEqual([]);
    expect(
      facts({ ...episode, status: 'finished', period: { start: '2026-03-02', end: '2026-06-01' } }).relationships[0],
    ).toMatchObject({ ending: 'closed' });
  });

  test('resolved, relationships belong to the pregnancy of their row and to the mother of a fetus', () => {
    const given = facts({ ...team, subject: { reference: 'Patient/unborn-1' } });
    resolveFacts(given, new Map([['Patient/unborn-1', 'Patient/p1']]), 'preg');
    expect(given.row).toMatchObject({ subjects: ['Patient/p1'], patients: ['Patient/unborn-1'], pregnancy: 'preg' });
    expect(given.relationships[0]).toMatchObject({ patient: 'Patient/p1', pregnancy: 'preg' });
  });
});

describe('appointment and attendance', () => {
  test('thirty days either side of her own appointment, unless cancelled', () => {
    const appointment: Resource = {
      resourceType: 'Appointment',
      id: 'a1',
      status: 'booked',
      start: '2026-06-08T10:00:00+01:00',
      end: '2026-06-08T11:30:00+01:00',
      participant: [
        { actor: { reference: 'Patient/p1' }, status: 'accepted' },
        { actor: { reference: 'PractitionerRole/hv-1' }, status: 'accepted' },
        { actor: { reference: 'PractitionerRole/mw-1' }, status: 'declined' },
      ],
    };
    expect(facts(appointment).relationships[0]).toMatchObject({
      kind: 'appointment', party: 'PractitionerRole/hv-1', from: '2026-05-09T09:00:00.000Z', until: '2026-07-08T10:30:00.000Z',
    }); // biome-ignore format: one row
    expect(parties(appointment)).toEqual(['appointment PractitionerRole/hv-1', `appointment ${HV}`]);
    expect(facts({ ...appointment, status: 'cancelled' }).relationships).toEqual([]);
  });

  const encounter: Resource = {
    resourceType: 'Encounter',
    id: 'n1',
    status: 'in-progress',
    class: { code: 'IMP' },
    subject: { reference: 'Patient/p1' },
    serviceProvider: { reference: MATERNITY },
    period: { start: '2026-06-08T08:00:00Z' },
  };

  test('attendance while in progress and a day after; a visit at home is none', () => {
    expect(parties(encounter)).toEqual([`attendance ${MATERNITY}`]);
    const ended = facts({
      ...encounter,
      status: 'finished',
      period: { start: '2026-06-08T08:00:00Z', end: '2026-06-08T08:30:00Z' },
    });
    expect(ended.relationships[0]?.until).toBe('2026-06-09T08:30:00.000Z');
    expect(parties({ ...encounter, class: { code: 'HH' } })).toEqual([]);
    expect(parties({ ...encounter, status: 'planned' })).toEqual([]);
  });
});

describe('consent (5.4)', () => {
  const objection: Resource = {
    resourceType: 'Consent',
    id: 'c1',
    status: 'active',
    scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
    patient: { reference: 'Patient/p1' },
    policy: [{ uri: `${CANON}/policy/joint-visit-sharing` }],
    verification: [{ verified: true }],
    provision: { type: 'deny', actor: [{ reference: { reference: HV } }] },
  };
  const said = (resource: Resource) => facts(resource).consents.map((one) => `${one.kind} ${one.party}`);
  const permit = (party: string, more: object = {}) => ({
    ...objection,
    provision: { type: 'permit', actor: [{ reference: { reference: party } }], ...more },
  });

  test('an objection names the service, and shows that sharing was explained', () => {
    expect(said(objection)).toEqual(['sharing-explained null', `objection ${HV}`]);
  });

  test('permits: a partner, a service', () => {
    expect(said(permit('RelatedPerson/danny'))).toEqual(['permit RelatedPerson/danny']);
    expect(said(permit(HV))).toEqual([`sharing-explained ${HV}`, `permit ${HV}`]);
  });

  test('withdrawn, unverified, another policy or a narrower permit say nothing', () => {
    expect(said({ ...objection, status: 'inactive' })).toEqual([]);
    expect(said({ ...objection, policy: [{ uri: 'x' }] })).toEqual([]);
    expect(said({ ...permit('RelatedPerson/danny'), verification: [{ verified: false }] })).toEqual([]);
    expect(said(permit('RelatedPerson/danny', { data: [{ reference: { reference: 'CarePlan/1' } }] }))).toEqual([]);
  });

  test('an objection to one item closes its classes; one by label closes everything', () => {
    const partial = (provision: object) =>
      facts({ ...objection, provision: { type: 'deny', ...provision } }).consents.find(
        (one) => one.kind === 'objection',
      );
    expect(partial({ data: [{ reference: { reference: 'CarePlan/1' } }] })?.classes).toEqual(['plan']);
    expect(partial({ securityLabel: [{ code: 'R' }] })?.classes).toEqual([]);
  });

  test('an override is marked, so that only safeguarding may write it', () => {
    const category = [{ coding: [{ system: `${CANON}/CodeSystem/sharing-state`, code: 'overridden' }] }];
    const override = facts({ ...permit(HV), category });
    expect(override.consents.map((one) => one.kind)).toContain('override');
    expect(override.row.tags).toContain('OVERRIDE');
  });
});

describe('agreement', () => {
  const coding = (system: string, code: string) => ({ coding: [{ system, code }] });
  const PART = 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType';
  const contract: Resource = {
    resourceType: 'Contract',
    id: 'a1',
    meta: { profile: [`${CANON}/StructureDefinition/JV-SharingAgreement`] },
    status: 'executed',
    applies: { start: '2026-01-01', end: '2026-12-31' },
    term: [
      {
        offer: {
          party: [
            { role: coding(PART, 'CST'), reference: [{ reference: MATERNITY }] },
            { role: coding(PART, 'IRCP'), reference: [{ reference: HV }] },
          ],
        },
        securityLabel: [
          {
            classification: { system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' },
            control: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'TREAT' }],
          },
        ],
        asset: [
          {
            type: [
              coding('http://hl7.org/fhir/resource-types', 'CarePlan'),
              coding('http://hl7.org/fhir/resource-types', 'Encounter'),
            ],
          },
        ],
      },
    ],
  };

  test('one row per term, direction and dates as they say', () => {
    expect(facts(contract).agreements).toEqual([
      {
        fromService: MATERNITY, toService: HV, classes: ['plan', 'visit'], purposes: ['TREAT'], maxLabel: 'R',
        from: '2026-01-01T00:00:00.000Z', until: '2027-01-01T00:00:00.000Z', revoked: false, source: 'Contract/a1',
      },
    ]); // biome-ignore format: one row
    expect(facts({ ...contract, status: 'revoked' }).agreements[0]?.revoked).toBe(true);
    expect(facts({ ...contract, status: 'offered' }).agreements).toEqual([]);
  });

  test('a fault in any term silences the whole and is named', () => {
    const broken = { ...contract, term: [...(contract.term as []), { offer: {} }] };
    expect(facts(broken).agreements).toEqual([]);
    expect(agreementFaults(broken).map((one) => one.expression)).toContain('Contract.term[1].offer.party');
    expect(agreementFaults(contract)).toEqual([]);
  });
});

describe('labels, kin, service, directory', () => {
  const labelled = (resource: Resource) => facts(resource).row;
  const security = (code: string) => ({
    meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code }] },
  });

  test('never lower than the client says, raised by code, class and sensitivity', () => {
    const abuse = { coding: [{ system: SNOMED, code: '697950003' }] };
    expect(labelled({ resourceType: 'Condition', code: abuse })).toMatchObject({ label: 'R', tags: ['SDV'] });
    expect(labelled({ resourceType: 'CarePlan', ...security('V') }).label).toBe('V');
    expect(labelled({ resourceType: 'CarePlan', ...security('L') }).label).toBe('N');
    expect(
      labelled({
        resourceType: 'QuestionnaireResponse',
        questionnaire: `${CANON}/Questionnaire/joint-visit-confidential`,
        ...security('N'),
      }).label,
    ).toBe('R');
    expect(
      labelled({
        resourceType: 'QuestionnaireResponse',
        item: [{ answer: [{ valueCoding: { system: SNOMED, code: '697950003' } }] }],
      }).label,
    ).toBe('R');
    expect(labelled({ resourceType: 'CarePlan', meta: { security: [{ system: 'x', code: 'EMP' }] } })).toMatchObject({
      label: 'N',
      tags: ['EMP'],
    });
  });

  test('R on a Patient restricts her address, not her record (PDS)', () => {
    const restricted = facts({ resourceType: 'Patient', id: 'p1', ...security('R') });
    expect(restricted.row.label).toBe('N');
    expect(restricted.consents).toMatchObject([{ kind: 's-flag', patient: 'Patient/p1', party: null }]);
  });

  test('her number becomes a keyed hash, and nothing without a key', () => {
    const patient = {
      resourceType: 'Patient',
      id: 'p1',
      identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: '999 000 1006' }],
    };
    expect(facts(patient, { ownRecordKey: (number) => `h(${number})` }).consents).toMatchObject([
      { kind: 'own-record', party: 'h(9990001006)' },
    ]);
    expect(facts(patient).consents).toEqual([]);
  });

  test('fetus to mother, from either side', () => {
    const related: Resource = {
      ...store['RelatedPerson/mum'],
      resourceType: 'RelatedPerson',
      identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: '9990001006' }],
    };
    expect(facts(related).kin).toEqual([{ child: 'Patient/unborn-1', mother: 'Patient/p1' }]);
    const mother: Resource = {
      resourceType: 'Patient',
      id: 'p1',
      link: [{ type: 'seealso', other: { reference: 'RelatedPerson/mum' } }],
    };
    expect(lookupsOf(mother)).toEqual(['RelatedPerson/mum']);
    expect(facts(mother).kin).toEqual([{ child: 'Patient/unborn-1', mother: 'Patient/p1' }]);
  });

  test('a loading client writes for the service the resource names, its author or its patient', () => {
    const none = { service: null };
    const of = (resource: Resource) => facts(resource, none).row.service;
    expect(of({ resourceType: 'Observation', performer: [{ reference: 'PractitionerRole/hv-1' }] })).toBe(HV);
    expect(of({ resourceType: 'Encounter', serviceProvider: { reference: HV } })).toBe(HV);
    expect(of({ resourceType: 'RelatedPerson', patient: { reference: 'Patient/p1' } })).toBe(MATERNITY);
    expect(
      of({
        resourceType: 'ServiceRequest',
        requester: { reference: 'PractitionerRole/mw-1' },
        performer: [{ reference: HV }],
      }),
    ).toBe(MATERNITY);
    expect(of({ resourceType: 'Observation' })).toBeNull();
    expect(lookupsOf({ resourceType: 'RelatedPerson', patient: { reference: 'Patient/p1' } }, true)).toEqual([
      'Patient/p1',
    ]);
  });

  test('who wrote first stays an author, and so does whose record it is', () => {
    const before = { ...facts({ resourceType: 'CarePlan', id: 'c' }).row, authors: ['CareTeam/a'], service: HV };
    const row = facts({ resourceType: 'CarePlan', id: 'c' }, { before, writer: ['PractitionerRole/hv-1'] }).row;
    expect(row).toMatchObject({ service: HV, authors: ['CareTeam/a', 'PractitionerRole/hv-1'] });
  });

  test('both practitioners of the visit are authors of its assessment, whoever began it; of nothing else', () => {
    store['Encounter/jv-1'] = {
      resourceType: 'Encounter',
      id: 'jv-1',
      participant: [
        { individual: { reference: 'PractitionerRole/mw-1' } },
        { individual: { reference: 'PractitionerRole/hv-1' } },
        { individual: { reference: 'RelatedPerson/mum' } },
      ],
    };
    const response = (name: string, more: object = {}): Resource => ({
      resourceType: 'QuestionnaireResponse',
      id: 'r1',
      questionnaire: `${CANON}/Questionnaire/${name}`,
      encounter: { reference: 'Encounter/jv-1' },
      subject: { reference: 'Patient/p1' },
      ...more,
    });
    const authors = (resource: Resource) => facts(resource, { writer: ['PractitionerRole/hv-1'] }).row.authors;
    const working = response('joint-visit-assessment');
    expect(lookupsOf(working)).toContain('Encounter/jv-1');
    expect(authors(working).toSorted()).toEqual(['PractitionerRole/hv-1', 'PractitionerRole/mw-1']);
    expect(authors(response('joint-visit-confidential'))).toEqual(['PractitionerRole/hv-1']);
    // Naming somebody in the form is not attending.
    const named = {
      linkId: 'visit.practitioners.ref',
      answer: [{ valueReference: { reference: 'PractitionerRole/x' } }],
    };
    expect(authors({ ...working, item: [named] })).not.toContain('PractitionerRole/x');
  });

  test('roles: words and speciality before occupation; a community nurse has none', () => {
    const role = (code: object[], specialty: object[] = []) =>
      roleOf({ resourceType: 'PractitionerRole', code: code as [], specialty: specialty as [] });
    const sct = (code: string) => ({ coding: [{ system: SNOMED, code }] });
    expect(role([sct('1052581000000109')])).toBe('health-visitor');
    expect(role([sct('224540001')])).toBeNull();
    expect(role([sct('309453006')], [sct('1326421000000106')])).toBe('safeguarding');
    expect(role([{ text: 'Service lead' }])).toBe('service-lead');
    expect(role([{ coding: [{ system: 'any', code: 'S8000:G8000:R0001' }] }])).toBe('ig-officer');
  });

  test('an absolute reference is never one of our patients', () => {
    expect(
      facts({ resourceType: 'CarePlan', subject: { reference: 'https://elsewhere.example/fhir/Patient/p1' } }).row
        .subjects,
    ).toEqual([]);
  });

  test('nothing that is not as R4 says throws', () => {
    for (const type of [
      'CareTeam',
      'EpisodeOfCare',
      'Task',
      'Appointment',
      'Encounter',
      'Consent',
      'Contract',
      'Patient',
      'PractitionerRole',
      'Group',
    ]) {
      const odd: Resource = {
        resourceType: type,
        id: 'x',
        subject: 'text',
        participant: [null, 3, {}],
        provision: [],
        term: {},
        period: 'x',
        name: 5,
        status: {},
      };
      expect(() => [lookupsOf(odd, true), facts(odd)]).not.toThrow();
    }
  });
});
