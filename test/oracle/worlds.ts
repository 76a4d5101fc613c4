/** Random small areas over the fixed ground: care teams, episodes, referrals, consents, agreements and records. */
import fc from 'fast-check';
import type { Resource } from '../../src/fhir/types.ts';
import {
  ACT_CODE,
  agreement,
  at,
  CANON,
  CONFIDENTIALITY,
  concept,
  ground,
  local,
  ref,
  SNOMED,
  shared,
  TYPES,
} from './ground.ts';
import { MATERNITY, PEOPLE, TEAMS, VISITING } from './people.ts';

const pick = <T>(...values: T[]) => fc.constantFrom(...values);

const staff = PEOPLE.filter((one) => one.kind === 'staff').map((one) => `PractitionerRole/${one.id}`);
const woman = pick('Patient/p1', 'Patient/p1', 'Patient/p2');
const subject = pick('Patient/p1', 'Patient/p1', 'Patient/p2', 'Patient/u1');
const day = pick(-500, -420, -200, -40, -20, -5, 3, 20, 40);
const period = fc.oneof(
  fc.constant({ start: at(-60) }),
  pick(-40, -20, -15, -14, -13, -1, 1).map((end) => ({ start: at(-60), end: at(end) })),
  fc.constant({ start: at(2) }),
  pick(-450, -15).map((end) => ({ start: at(-600), end: at(end) })),
);
const number = fc.option(pick('PREG-1', 'PREG-2'), { nil: undefined });
const pregnancy = number.map((value) =>
  value === undefined ? {} : { identifier: [{ system: `${CANON}/Id/pregnancy`, value }] },
);
const security = fc.oneof(
  { weight: 5, arbitrary: fc.constant({}) },
  {
    weight: 2,
    arbitrary: pick('R', 'V', 'N').map((code) => ({ meta: { security: [{ system: CONFIDENTIALITY, code }] } })),
  },
  { weight: 1, arbitrary: fc.constant({ meta: { security: [{ system: ACT_CODE, code: 'SDV' }] } }) },
);

type Part = fc.Arbitrary<object>;
const make = (resourceType: string, ...parts: Part[]): fc.Arbitrary<Omit<Resource, 'id'>> =>
  fc.tuple(...parts).map((all) => Object.assign({ resourceType }, ...all));
const field = (name: string, value: fc.Arbitrary<unknown>): Part =>
  value.map((one) => (one === undefined ? {} : { [name]: one }));
const about: Part = field('subject', subject.map(ref));
const dated = (name: string): Part => field(name, day.map(at));
const author = field('author', pick(...staff).map(ref));

const relations = [
  make('CareTeam', pregnancy, field('status', pick('active', 'active', 'active', 'inactive', 'proposed', 'entered-in-error')), field('subject', woman.map(ref)),
    field('managingOrganization', pick(MATERNITY, VISITING).map((one) => [ref(one)])),
    field('participant', fc.array(fc.record({ member: pick(...staff, ...TEAMS).map(ref), period }), { minLength: 1, maxLength: 3 }))),
  make('EpisodeOfCare', field('status', pick('active', 'active', 'finished', 'planned', 'onhold')), field('patient', woman.map(ref)), field('period', period), pregnancy,
    field('type', fc.constant([concept(SNOMED, '1078501000000104')])), field('managingOrganization', pick(MATERNITY, VISITING).map(ref)),
    field('team', pick(...TEAMS).map((one) => [ref(one)]))),
  make('Task', field('status', pick('requested', 'accepted', 'in-progress', 'completed', 'draft')), field('for', woman.map(ref)), dated('authoredOn'),
    field('code', pick('plan-action', 'plan-action', 'ask-in-private').map((one) => concept(local('jv-task'), one))),
    field('requester', pick(...staff).map(ref)), field('owner', pick(...staff, ...TEAMS).map(ref))),
  make('Appointment', field('status', pick('booked', 'booked', 'cancelled')),
    pick(-45, -31, -29, -3, 5, 29, 31).map((days) => ({ start: at(days), end: at(days + 0.05) })), field('managingOrganization', fc.constant(undefined)),
    field('participant', fc.tuple(woman, pick(...staff), pick('accepted', 'declined')).map(([patient, actor, status]) => [
      { actor: ref(patient), status: 'accepted' }, { actor: ref(actor), status }]))),
  // About both women: what lets somebody see the one must hold for the other too.
  make('Appointment', field('status', fc.constant('booked')), pick(-31, -3, 5).map((days) => ({ start: at(days), end: at(days + 0.05) })),
    field('participant', pick(...staff).map((actor) => [
      { actor: ref('Patient/p1'), status: 'accepted' }, { actor: ref('Patient/p2'), status: 'accepted' }, { actor: ref(actor), status: 'accepted' }]))),
  make('Encounter', pregnancy, field('subject', subject.map(ref)), field('serviceProvider', pick(MATERNITY, VISITING).map(ref)),
    field('class', pick('HH', 'IMP', 'AMB').map((code) => ({ code }))),
    pick<object>({ status: 'in-progress', period: { start: at(-0.2) } }, { status: 'finished', period: { start: at(-1), end: at(-0.5) } },
      { status: 'finished', period: { start: at(-3), end: at(-1.01) } }, { status: 'planned', period: { start: at(3) } })),
]; // biome-ignore format: one kind of resource each

const consentActor = fc.option(
  pick(VISITING, VISITING, MATERNITY, 'RelatedPerson/danny', 'CareTeam/hv-a').map((one) => [{ reference: ref(one) }]),
  { nil: undefined },
);
const consents = make('Consent', field('status', pick('active', 'active', 'inactive')), field('patient', woman.map(ref)),
  fc.constant({
    scope: concept('http://terminology.hl7.org/CodeSystem/consentscope', 'patient-privacy'),
    policy: [{ uri: `${CANON}/policy/joint-visit-sharing` }],
    organization: [ref(MATERNITY)],
    managingOrganization: ref(MATERNITY),
  }),
  fc.tuple(consentActor, fc.boolean(), fc.boolean(), fc.option(pick('CarePlan', 'Observation'), { nil: undefined })).map(([actor, isDeny, isOverride, type]) => ({
    category: [isOverride && !isDeny ? concept(local('sharing-state'), 'overridden') : concept(ACT_CODE, 'IRDSCL')],
    provision: {
      type: isDeny ? 'deny' : 'permit',
      // A permit names somebody; an objection may be against everyone outside.
      ...(actor === undefined && isDeny ? {} : { actor: actor ?? [{ reference: ref(VISITING) }] }),
      ...(type === undefined || !isDeny ? {} : { class: [{ system: 'http://hl7.org/fhir/resource-types', code: type }] }),
    },
  })),
); // biome-ignore format: one consent

const agreements = fc
  .record({
    pair: pick([MATERNITY, VISITING], [MATERNITY, VISITING], [VISITING, MATERNITY], [MATERNITY, MATERNITY]),
    types: fc.oneof(
      { weight: 4, arbitrary: fc.constant(TYPES) },
      { weight: 1, arbitrary: fc.subarray(TYPES, { minLength: 1 }) },
    ),
    purpose: pick('TREAT', 'TREAT', 'COC', 'PATADMIN'),
    label: pick('N', 'R', 'R'),
    end: pick(undefined, undefined, -10, -29, -27, 30),
    status: pick('executed', 'executed', 'executed', 'revoked', 'offered'),
  })
  .map(({ pair, purpose, label, ...terms }) => agreement(pair, purpose, label, terms));

const questionnaire = (name: string, profile?: string) => ({
  questionnaire: `${CANON}/Questionnaire/${name}`,
  ...(profile === undefined ? {} : { meta: { profile: [`${CANON}/StructureDefinition/${profile}`] } }),
});
const records = [
  make('QuestionnaireResponse', about, author, dated('authored'), field('status', pick('completed', 'amended', 'in-progress')),
    pick<object>(questionnaire('joint-visit-assessment'), questionnaire('joint-visit-assessment', 'JV-AssessmentCopy'), questionnaire('joint-visit-confidential'), questionnaire('early-need-screen'))),
  make('CarePlan', about, author, pregnancy, security, field('period', day.map((one) => ({ start: at(one) })))),
  make('Observation', about, security, field('performer', pick(...staff).map((one) => [ref(one)])), dated('effectiveDateTime'),
    pick<object>({ code: concept(SNOMED, '738070007') }, { code: concept(local('jv-observation'), 'voice-of-unborn') }, { code: concept(SNOMED, '12345') },
      { code: concept(SNOMED, '12345'), derivedFrom: [ref('QuestionnaireResponse/jvc')] }), field('encounter', fc.option(fc.constant(ref('Encounter/visit')), { nil: undefined }))),
  make('Flag', about, author, field('period', day.map((one) => ({ start: at(one) }))),
    field('category', pick('SG', 'SS').map((one) => [concept('https://fhir.nhs.uk/CodeSystem/flag-categories-bars', one)]))),
  make('DocumentReference', about, security, field('author', pick(...staff).map((one) => [ref(one)])), dated('date'), field('docStatus', pick('final', 'preliminary'))),
]; // biome-ignore format: one kind of resource each

/** The referral: request and Task, in any state. */
const referral = fc
  .record({
    patient: woman,
    days: day,
    state: pick('held', 'received', 'opened', 'accepted', 'triaged', 'closed', 'rejected', 'withdrawn'),
    performer: pick('HealthcareService/north', VISITING),
    owner: pick('CareTeam/hv-a', 'PractitionerRole/hv-2'),
    pregnancy,
  })
  .map(({ patient, days, state, performer, owner, pregnancy: preg }) => [
    {
      resourceType: 'ServiceRequest', id: 'r1', ...preg, subject: ref(patient), authoredOn: at(days), requester: ref('PractitionerRole/mw-1'),
      performer: [ref(performer)], supportingInfo: [ref('CarePlan/named'), ref('QuestionnaireResponse/jvc')],
    },
    {
      resourceType: 'Task', id: 'triage', ...preg, status: 'requested', businessStatus: concept(local('referral-state'), state), code: concept(local('jv-task'), 'triage-referral'),
      focus: ref('ServiceRequest/r1'), for: ref(patient), authoredOn: at(days), requester: ref('PractitionerRole/mw-1'), owner: ref(owner),
    },
  ]); // biome-ignore format: two resources

const named = (id: string, arbitrary: fc.Arbitrary<object>): fc.Arbitrary<Resource> =>
  arbitrary.map((one) => ({ ...one, id }) as Resource);
const numbered = (one: object, i: number): Resource => ({ ...one, id: `x${i}` }) as Resource;
const jvc = {
  resourceType: 'QuestionnaireResponse',
  subject: ref('Patient/p1'),
  author: ref('PractitionerRole/mw-1'),
  authored: at(-5),
  status: 'completed',
  ...questionnaire('joint-visit-confidential'),
};
const plan = make('CarePlan', about, author, field('period', fc.constant({ start: at(-5) })));

/** A duty list of one person, and whether she is on it now; kin of a midwife; declared interests. */
const dutyTeam = (team: string) => ({
  extension: [{ url: `${CANON}/StructureDefinition/duty-team`, valueReference: ref(team) }],
});
const today = fc
  .record({ who: pick('mw-2', 'hv-2', 'nn-1', 'lw-1'), team: pick(...TEAMS), of: pick(...TEAMS), hours: pick(-1, -1, 0.5), status: pick('busy', 'busy', 'free') })
  .chain((one) => fc.boolean().map((isSame) => ({ ...one, of: isSame ? one.team : one.of })))
  .map(({ who, team, of, hours, status }) => [
    { resourceType: 'Schedule', id: 'duty', ...dutyTeam(team), actor: [ref(`PractitionerRole/${who}`)] },
    { resourceType: 'Slot', id: 'duty', ...dutyTeam(of), schedule: ref('Schedule/duty'), status, start: at(hours / 24), end: at(hours / 24 + 0.3) },
  ]); // biome-ignore format: two resources
const interests = fc.oneof(
  fc.constant({ resourceType: 'Restriction', patient: 'Patient/p1' }),
  pick('mw-1', 'hv-1', 'hv-3').map((who) => ({ resourceType: 'Conflict', holder: `PractitionerRole/${who}`, patient: 'Patient/p1' })),
  // Who is on the list of a V record, or of somebody handled with care.
  fc.record({ who: pick('mw-2', 'hv-1', 'sg-1', 'ad-1', 'st-1'), list: pick('named', 'named', 'handler', 'registered'), patient: woman })
    .map(({ who, list, patient }) => ({ resourceType: 'Named', holder: `PractitionerRole/${who}`, patient, list })),
  fc.constant({ resourceType: 'RelatedPerson', patient: ref('Patient/p1'), identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: '9990001014' }] }),
); // biome-ignore format: one interest each

/** Grants are no resources: notes beside the record of who opened what, for whom and until when. */
const grants = fc
  .record({
    kind: pick('break-glass', 'break-glass', 'emergency', 'self-claim', 'history'),
    holder: pick('hv-3', 'hv-3', 'lw-2', 'hv-1', 'mw-1', 'sg-1'),
    woman: pick('Patient/p1', 'Patient/p1', 'Patient/p2'),
    days: pick(-0.02, -0.02, -2),
    pregnancy: pick('PREG-2', 'PREG-2', null),
  })
  .map(({ kind, holder, woman: patient, days, pregnancy: key }) => ({
    resourceType: 'Grant', kind, holder: `PractitionerRole/${holder}`, patient, at: at(days), until: at(days + 1), pregnancy: key,
  })); // biome-ignore format: one grant

/** A world: everything above, some relations, consents and agreements, and a handful of records. */
export const worlds: fc.Arbitrary<Resource[]> = fc
  .record({
    memberships: fc.array(
      fc.oneof(
        fc.constant({ start: at(-90) }),
        pick(-5, 5).map((end) => ({ start: at(-90), end: at(end) })),
      ),
      { minLength: 2, maxLength: 4 },
    ),
    relations: fc.array(fc.oneof(...relations), { maxLength: 4 }),
    referral: fc.oneof(referral, fc.constant([])),
    consents: fc.array(consents, { maxLength: 3 }),
    agreements: fc.array(agreements, { maxLength: 3 }),
    records: fc.array(fc.oneof(...records), { minLength: 3, maxLength: 8 }),
    shared: pick(shared, shared, []),
    grants: fc.array(grants, { maxLength: 3 }),
    today: fc.oneof(today, fc.constant([])),
    interests: fc.array(interests, { maxLength: 2 }),
    died: pick('nobody', 'nobody', 'nobody', 'nobody', 'p1', 'p2'),
    sealed: pick('nobody', 'nobody', 'nobody', 'p1', 'p2', 'u1'),
    plan: named('named', plan),
    visit: named('visit', relations[5] ?? plan),
  })
  .map((one) => [
    ...ground(one.memberships).map((each) =>
      each.resourceType === 'Patient'
        ? {
            ...each,
            ...(each.id === one.died ? { deceasedBoolean: true } : {}),
            ...(each.id === one.sealed ? { meta: { security: [{ system: CONFIDENTIALITY, code: 'V' }] } } : {}),
          }
        : each,
    ),
    ...one.shared,
    ...(one.today as Resource[]),
    ...one.referral,
    one.plan,
    one.visit,
    { ...jvc, id: 'jvc' },
    ...[...one.relations, ...one.consents, ...one.agreements, ...one.grants, ...one.interests, ...one.records].map(
      numbered,
    ),
  ]);

/** A midwife who will be on the duty list of the family's team in half an hour, and is not of it now. */
export const beforeDuty: Resource[] = [
  ...ground([{ start: at(-90) }]),
  { resourceType: 'Schedule', id: 'duty', ...dutyTeam('CareTeam/mw-a'), actor: [ref('PractitionerRole/mw-2')] },
  { resourceType: 'Slot', id: 'duty', ...dutyTeam('CareTeam/mw-a'), schedule: ref('Schedule/duty'), status: 'busy', start: at(0.5 / 24), end: at(0.5) },
  { resourceType: 'CarePlan', id: 'plan', subject: ref('Patient/p1'), author: ref('PractitionerRole/mw-1'), period: { start: at(-5) } },
]; // biome-ignore format: one resource a line
