/** A family of the fixtures as resources, with ids that follow its own: `Patient/<id>`, `CareTeam/<id>`, ... */
import { CANON, idSystem, localConcept, NHS_NUMBER, reference, snomed, V3_ACT } from '../../src/care/canon.ts';
import {
  careTeam,
  episodeOfCare,
  familyGroup,
  motherPatient,
  relatedPerson,
  unbornBaby,
} from '../../src/care/family.ts';
import { eddObservation, pregnancyCondition } from '../../src/care/pregnancy.ts';
import { isNhsNumber } from '../../src/fhir/identifiers.ts';
import type { JsonObject, Resource } from '../../src/fhir/types.ts';
import { HEALTH_VISITING, HV_SERVICE, MATERNITY, TEAM } from './directory.ts';

export interface FamilyOptions {
  /** Default `mw-priya` and `hv-helen`; null leaves the service's part out. */
  midwife?: string | null;
  healthVisitor?: string | null;
  surname?: string;
  given?: string;
  nhsNumber?: string;
  postalCode?: string;
  /** Default explained to and permitted for health visiting. */
  sharing?: 'explained' | 'objected' | 'not-yet-asked';
  /** State of the referral; null (default) makes none. */
  referral?: 'held' | 'received' | 'accepted' | null;
  /** First day of everything. */
  start?: string;
  /** Teams of the two episodes. */
  midwives?: string;
  visitors?: string;
}

/** A valid NHS number from the range 999 that is kept for tests. */
export function nhsNumberOf(n: number): string {
  const nine = `999${String(n).padStart(6, '0')}`;
  const digits = Array.from({ length: 10 }, (_, digit) => `${nine}${digit}`);
  return digits.find(isNhsNumber) ?? nhsNumberOf(n + 500_000);
}

let serial = 1;

/** All resources of one family, to be put in one transaction; the mother's Patient first. */
export function familyOf(id: string, options: FamilyOptions = {}): Resource[] {
  serial += 1;
  const o = {
    midwife: 'mw-priya',
    healthVisitor: 'hv-helen',
    surname: `Fixture-${id}`,
    given: 'Aisha',
    nhsNumber: nhsNumberOf(serial),
    postalCode: 'ZZ2 1AA',
    sharing: 'explained' as const,
    referral: null,
    start: '2026-01-05',
    midwives: TEAM.midwives,
    visitors: TEAM.healthVisitors,
    ...options,
  };
  const mother = reference(`Patient/${id}`);
  const performer = reference(`PractitionerRole/${o.midwife ?? 'mw-other'}`);
  return [
    person(id, o),
    ...baby(id, o.surname, o.nhsNumber),
    named(
      `${id}-partner`,
      relatedPerson({ patient: mother, relationship: 'DOMPART', name: { family: 'Testman', given: ['Danny'] } }),
    ),
    {
      ...named(id, familyGroup([mother, reference(`Patient/${id}-baby`)], `F-${id}`)),
      managingEntity: reference(MATERNITY),
    },
    named(`${id}-pregnancy`, pregnancyCondition(mother, performer, o.start)),
    named(`${id}-edd`, eddObservation({ patient: mother, from: { lmp: o.start }, on: o.start, performer })),
    booking(id, o.start, performer),
    ...consent(id, o.sharing),
    ...care(id, o),
    ...(o.referral === null ? [] : referral(id, o.referral)),
  ];
}

type Settled = Required<Omit<FamilyOptions, 'referral'>>;
const named = (id: string, resource: Resource): Resource => ({ ...resource, id });

function person(id: string, o: Settled): Resource {
  const mother = motherPatient({
    name: { family: o.surname, given: [o.given] },
    birthDate: '1998-04-05',
    nhsNumber: o.nhsNumber,
    verification: '01',
    localId: `M-${id}`,
    gender: 'female',
    phone: '01632 960123',
    address: { line: ['1 Fixture Lane'], city: 'Sampleport', postalCode: o.postalCode },
    managingOrganization: reference(MATERNITY),
  });
  return named(id, mother);
}

function baby(id: string, surname: string, nhsNumber: string): Resource[] {
  const unborn = unbornBaby({
    pregnancy: `P-${id}`,
    letter: 'A',
    surname,
    multiple: false,
    managingOrganization: reference(MATERNITY),
  });
  const link = relatedPerson({ patient: reference(`Patient/${id}-baby`), relationship: 'NMTHF', nhsNumber });
  return [named(`${id}-baby`, unborn), named(`${id}-baby-mother`, link)];
}

function booking(id: string, start: string, performer: JsonObject): Resource {
  const period = { start: `${start}T10:00:00Z`, end: `${start}T11:00:00Z` };
  return {
    resourceType: 'Encounter',
    id: `${id}-booking`,
    status: 'finished',
    class: { system: V3_ACT, code: 'HH' },
    type: [{ coding: [snomed('424525001', 'Antenatal care')] }],
    subject: reference(`Patient/${id}`),
    episodeOfCare: [reference(`EpisodeOfCare/${id}-mat`)],
    participant: [{ period, individual: performer }],
    period,
    serviceProvider: reference(MATERNITY),
  };
}

/** Her word on sharing (domain.md 5.4). */
export function consent(id: string, said: Settled['sharing']): Resource[] {
  if (said === 'not-yet-asked') return [];
  const role = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }] };
  return [
    {
      resourceType: 'Consent',
      id: `${id}-sharing`,
      status: 'active',
      scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
      category: [{ coding: [{ system: V3_ACT, code: 'IRDSCL' }] }],
      patient: reference(`Patient/${id}`),
      organization: [reference(MATERNITY)],
      policy: [{ uri: `${CANON}/policy/joint-visit-sharing` }],
      provision: {
        type: said === 'objected' ? 'deny' : 'permit',
        actor: (said === 'objected' ? [HEALTH_VISITING] : [HEALTH_VISITING, MATERNITY]).map((service) => ({
          role,
          reference: reference(service),
        })),
      },
    },
  ];
}

function care(id: string, o: Settled): Resource[] {
  const common = { pregnancy: `P-${id}`, patient: reference(`Patient/${id}`), start: o.start };
  const episodes: Resource[] = [];
  if (o.midwife !== null)
    episodes.push(
      named(
        `${id}-mat`,
        episodeOfCare({
          ...common,
          kind: 'maternity',
          organization: reference(MATERNITY),
          team: reference(o.midwives),
        }),
      ),
    );
  if (o.healthVisitor !== null)
    episodes.push(
      named(
        `${id}-hv`,
        episodeOfCare({
          ...common,
          kind: 'health-visiting',
          organization: reference(HEALTH_VISITING),
          team: reference(o.visitors),
        }),
      ),
    );
  return [...episodes, familyTeam(id, o)];
}

/** The care team of a family; `end` ends everybody's time in it. */
export function familyTeam(
  id: string,
  who: { midwife: string | null; healthVisitor: string | null; start: string; end?: string },
): Resource {
  const period = { start: who.start, ...(who.end === undefined ? {} : { end: who.end }) };
  const member = (role: 'midwife' | 'health-visitor', one: string | null) =>
    one === null ? [] : [{ role, member: reference(`PractitionerRole/${one}`), ...period }];
  const team = careTeam({
    name: 'Family care team',
    patient: reference(`Patient/${id}`),
    pregnancy: `P-${id}`,
    start: who.start,
    members: [...member('midwife', who.midwife), ...member('health-visitor', who.healthVisitor)],
  });
  return named(id, team);
}

const STATES = {
  held: { task: 'on-hold' },
  received: { task: 'requested' },
  accepted: { task: 'accepted' },
} as const;

function referral(id: string, state: keyof typeof STATES): Resource[] {
  const patient = reference(`Patient/${id}`);
  return [
    {
      resourceType: 'ServiceRequest',
      id: `${id}-referral`,
      status: 'active',
      intent: 'order',
      priority: 'routine',
      code: localConcept('jv-service', 'antenatal-hv-referral'),
      subject: patient,
      authoredOn: '2026-01-06T10:00:00Z',
      requester: reference('PractitionerRole/mw-priya'),
      performer: [reference(HV_SERVICE)],
      supportingInfo: [reference(`Observation/${id}-edd`)],
    },
    {
      resourceType: 'Task',
      id: `${id}-referral`,
      status: STATES[state].task,
      businessStatus: localConcept('referral-state', state),
      intent: 'order',
      code: localConcept('jv-task', 'triage-referral'),
      focus: reference(`ServiceRequest/${id}-referral`),
      for: patient,
      authoredOn: '2026-01-06T10:00:00Z',
      requester: reference('PractitionerRole/mw-priya'),
      owner: reference(TEAM.healthVisitors),
    },
  ];
}

/** An Observation about the mother, in words; nothing sensitive about it. */
export function note(id: string, patient: string, text: string, more: JsonObject = {}): Resource {
  return {
    resourceType: 'Observation',
    id,
    status: 'final',
    code: { text: 'Note of a fixture' },
    subject: reference(`Patient/${patient}`),
    effectiveDateTime: '2026-02-03',
    valueString: text,
    ...more,
  };
}

/** A new mother for creates over HTTP: a name and a number nobody has. */
export function newMother(surname: string, nhs: string | null = null): Resource {
  serial += 1;
  return {
    resourceType: 'Patient',
    identifier: [
      nhs === null
        ? { system: idSystem('patient'), value: `T-${surname}-${serial}` }
        : { system: NHS_NUMBER, value: nhs },
    ],
    active: true,
    name: [{ use: 'official', family: surname, given: ['Test'] }],
    birthDate: '1997-01-02',
  };
}
