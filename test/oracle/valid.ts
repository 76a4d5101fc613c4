/**
 * The oracle's worlds as the door takes them: what R4 demands besides, and in each row words of its own where a mask looks
 * and where a search asks, so that whatever leaks can be told apart. Deterministic: by type and id alone.
 */

import { earlyNeedScreen } from '../../src/care/questionnaires/other-instruments.ts';
import type { JsonObject, Resource } from '../../src/fhir/types.ts';
import { answers as assessment } from '../unit/care/assessment.ts';
import { randomResponse } from '../unit/care/random-response.ts';
import { CANON, CONFIDENTIALITY, concept, ref, SNOMED } from './ground.ts';
import { MATERNITY, PEOPLE, VISITING } from './people.ts';
import { seeded } from './random.ts';
import { type Loose, loose } from './reading.ts';

export const FETAL = 'http://hl7.org/fhir/6.0/StructureDefinition/extension-Patient.fetalStatus';
const PARTICIPATION = 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType';

/** What is no resource but a note beside the record. */
export const NOTES = ['Grant', 'Conflict', 'Restriction', 'Named'];

const JOB: Readonly<Record<string, JsonObject>> = {
  midwife: concept(SNOMED, '158999002'),
  'health-visitor': concept(SNOMED, '1052581000000109'),
  'nursery-nurse': concept(SNOMED, '224578004'),
  gp: concept(SNOMED, '62247001'),
  student: concept(SNOMED, '309454000'),
  admin: concept(SNOMED, '224608005'),
  'hospital-midwife': { text: 'Hospital midwife' },
  safeguarding: { text: 'Safeguarding nurse' },
  'team-lead': { text: 'Team lead' },
  'service-lead': { text: 'Service lead' },
  'ig-officer': { text: 'Privacy officer' },
};

/** The organisations a world stands on, and places. */
export const before: Resource[] = [
  ...PEOPLE.filter(({ kind }) => kind === 'staff').map(({ id }) => ({
    resourceType: 'Practitioner',
    id,
    active: true,
    name: [{ family: `Staff-${id}` }],
  })),
  { resourceType: 'Schedule', id: 'clinic', active: true, actor: [ref('Location/clinic')] },
  { resourceType: 'Organization', id: MATERNITY.slice(13), active: true, name: 'Maternity' },
  { resourceType: 'Organization', id: VISITING.slice(13), active: true, name: 'Visiting' },
  {
    resourceType: 'Group', id: 'family', type: 'person', actual: true, quantity: 3, managingEntity: ref(MATERNITY),
    member: ['p1', 'u1', 'p2'].map((one) => ({ entity: ref(`Patient/${one}`) })),
  }, // biome-ignore format: one family
  { resourceType: 'Location', id: 'clinic', status: 'active', name: 'Clinic' },
];

const word = (r: Loose): string => `w${String(r.id).replace(/[^a-z0-9]/gi, '')}`;
const div = (text: string) => `<div xmlns="http://www.w3.org/1999/xhtml">${text}</div>`;
/** Every third row tells its story in words, too. */
const told = (r: Loose): JsonObject =>
  sum(r) % 3 === 0 ? { text: { status: 'generated', div: div(`${word(r)} story of Famw${about(r)}`) } } : {};
const about = (r: Loose): string => String((r.subject ?? r.patient ?? r.for)?.reference ?? '').replace('Patient/', '');
const sum = (r: Loose): number => [...String(r.id)].reduce((all, one) => all + one.charCodeAt(0), 0);
/** Every second row brings a resource inside. */
const inside = (r: Loose, within: JsonObject, outside: JsonObject): JsonObject =>
  sum(r) % 2 === 0 ? { contained: [within], ...outside } : {};

const ADDED: Readonly<Record<string, (r: Loose) => JsonObject>> = {
  PractitionerRole: (r) => jobOf(r),
  Patient: (r) => ({
    active: true,
    name: [{ use: 'official', family: `Fam${word(r)}`, given: [`Giv${word(r)}`] }],
    telecom: [{ system: 'phone', value: `01632 9601${String(sum(r)).padStart(2, '0').slice(-2)}` }],
    gender: 'female',
    birthDate: r.id === 'u1' ? '2026-06-01' : '1998-04-05',
    address: [{ line: [`1 ${word(r)} Lane`], city: `City${word(r)}`, postalCode: `ZZ9 ${sum(r) % 9}AA` }],
    generalPractitioner: [ref(MATERNITY)],
    ...(r.id === 'u1' ? { extension: [{ url: FETAL, valueCode: 'potential-for-live-birth' }] } : {}),
  }),
  RelatedPerson: (r) => ({ name: [{ family: `Rel${word(r)}` }], telecom: [{ system: 'phone', value: `01632 960200` }], address: [{ city: `City${word(r)}` }] }),
  HealthcareService: () => ({ active: true, name: 'north' }),
  Questionnaire: () => ({ status: 'active', title: 'Q' }),
  Schedule: () => ({ active: true }),
  Slot: (r) => ({ status: 'free', schedule: ref('Schedule/clinic'), start: '2026-06-08T10:00:00Z', end: '2026-06-08T11:00:00Z', ...r }),
  Account: () => ({ status: 'active', name: 'money', subject: [ref('Patient/p1')] }),
  CareTeam: (r) => ({ name: `Team ${word(r)}`, reasonCode: [{ text: `why ${word(r)}` }] }),
  EpisodeOfCare: () => ({}),
  Consent: (r) => ({
    organization: r.organization ?? [r.managingOrganization].flat(),
    managingOrganization: undefined,
    category: r.category ?? [concept('http://terminology.hl7.org/CodeSystem/v3-ActCode', 'IRDSCL')],
    provision: { ...r.provision, ...(r.provision.actor ? { actor: r.provision.actor.map((one: Loose) => ({ role: concept(PARTICIPATION, 'IRCP'), ...one })) } : {}) },
  }),
  Task: (r) => ({ intent: 'order', description: `todo ${word(r)}`, note: [{ text: `note ${word(r)}` }] }),
  ServiceRequest: (r) => ({
    status: 'active',
    intent: 'order',
    reasonCode: [{ text: `why ${word(r)}` }],
    note: [{ text: `note ${word(r)}` }],
    ...inside(r, { resourceType: 'Location', id: 'home', name: `home ${word(r)}` }, { locationReference: [ref('#home')] }),
  }),
  Observation: (r) => ({ status: 'final', valueString: `said ${word(r)}`, note: [{ text: `note ${word(r)}` }] }),
  Appointment: (r) => ({
    comment: `ring ${word(r)}`,
    reasonCode: [{ text: `why ${word(r)}` }],
    participant: [...r.participant, { actor: ref('Location/clinic'), status: 'accepted' }],
    managingOrganization: undefined,
  }),
  Encounter: (r) => ({
    reasonCode: [concept('urn:test:why', `why-${word(r)}`)],
    location: [{ location: ref('Location/clinic') }, ...(sum(r) % 2 === 0 ? [{ location: ref('#home') }] : [])],
    ...inside(r, { resourceType: 'Location', id: 'home', name: `home ${word(r)}` }, {}),
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', ...r.class },
  }),
  CarePlan: (r) => ({ status: 'active', intent: 'plan', title: `Plan ${word(r)}`, note: [{ text: `note ${word(r)}` }] }),
  Flag: (r) => ({ status: 'active', code: { text: `flag ${word(r)}` } }),
  DocumentReference: (r) => ({ status: 'current', description: `doc ${word(r)}`, content: [{ attachment: { contentType: 'text/plain', data: Buffer.from(word(r)).toString('base64') } }] }),
  QuestionnaireResponse: (r) => answersOf(r),
}; // biome-ignore format: one type each

/** A resource of a world, with what the door asks for besides. */
export function complete(resource: Resource): Resource {
  const r = loose(resource);
  const added = ADDED[resource.resourceType]?.(r) ?? {};
  const whole: JsonObject = called({ ...told(r), ...resource, ...added });
  for (const [name, value] of Object.entries(whole)) if (value === undefined) delete whole[name];
  const { resourceType, id, meta, ...rest } = whole as Resource;
  return { resourceType, ...(id === undefined ? {} : { id }), ...(meta === undefined ? {} : { meta }), ...rest };
}

/** References call her by her name, as those who write them do. */
function called(whole: Loose): JsonObject {
  const named = (one: Loose) =>
    one?.reference?.startsWith('Patient/') ? { ...one, display: `Famw${one.reference.slice(8)}` } : one;
  if (whole.resourceType === 'Patient') return whole;
  for (const name of ['subject', 'patient', 'for']) if (whole[name]?.reference) whole[name] = named(whole[name]);
  if (whole.resourceType === 'Appointment')
    whole.participant = whole.participant.map((one: Loose) => ({ ...one, actor: named(one.actor) }));
  return whole;
}

function jobOf(r: Loose): JsonObject {
  const role = PEOPLE.find(({ id }) => id === r.id)?.role ?? '';
  const supervised = role === 'student' && { url: `${CANON}/StructureDefinition/supervisor`, valueReference: ref('PractitionerRole/mw-2') };
  return {
    active: true,
    period: { start: '2020-01-01', ...(supervised ? { end: '2027-01-01' } : {}) },
    practitioner: ref(`Practitioner/${r.id}`),
    ...(role === 'social-worker' ? { specialty: [concept(SNOMED, '310134006')] } : { code: [JOB[role] ?? { text: role }] }),
    ...(supervised ? { extension: [supervised] } : {}),
  };
} // biome-ignore format: one role

/** Answers that a finished response of ours must have. */
function answersOf(r: Loose): JsonObject {
  const said = (linkId: string, valueString: string) => ({ linkId, answer: [{ valueString }] });
  if (String(r.questionnaire).endsWith('joint-visit-confidential'))
    return {
      item: [
        { linkId: 'jvc.alone', answer: [{ valueBoolean: true }] },
        { linkId: 'jvc.third-party', item: [said('jvc.third-party.text', `third ${word(r)}`)] },
      ],
    };
  const isCopy = r.meta?.profile !== undefined;
  if (isCopy)
    return {
      status: 'completed',
      meta: { ...r.meta, security: [{ system: CONFIDENTIALITY, code: 'N' }] },
      item: assessment(),
    };
  if (String(r.questionnaire).endsWith('joint-visit-assessment')) return { item: assessment() };
  const { next } = seeded(sum(r));
  const pick = (n: number) => Math.floor(next() * n);
  return { item: randomResponse(earlyNeedScreen(), pick).item ?? [] };
}
