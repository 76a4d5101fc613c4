/** The form of a sharing agreement, and the Contract it stands for (docs/sharing-agreement-template.md, Part B). Pure. */
import type { JsonObject, Resource } from '../fhir/types.ts';
import { LAWFUL_BASIS, RETENTION } from '../oversight/agreement-view.ts';
import { type DateParts, dateOf, type FieldError, type Fields, partsOf, readReason } from './access-form.ts';

/** What may be shared, in groups an officer can decide about, each with its FHIR types. */
export const WHAT = [
  { id: 'family', text: 'Personal details and family', types: ['Patient', 'RelatedPerson', 'Group'] },
  { id: 'referral', text: 'Referrals and tasks', types: ['ServiceRequest', 'Task'] },
  {
    id: 'visits',
    text: 'Appointments, visits and teams',
    types: ['Appointment', 'Encounter', 'EpisodeOfCare', 'CareTeam'],
  },
  {
    id: 'assessments',
    text: 'Pregnancy, assessments and findings',
    types: ['QuestionnaireResponse', 'Observation', 'RiskAssessment', 'Condition', 'Procedure'],
  },
  { id: 'plans', text: 'Care plans and goals', types: ['CarePlan', 'Goal'] },
  { id: 'safety', text: 'Safeguarding flags and warnings for the visit', types: ['Flag'] },
  { id: 'consent', text: 'What was agreed about sharing', types: ['Consent'] },
  {
    id: 'documents',
    text: 'Documents, messages and who recorded what',
    types: ['DocumentReference', 'Communication', 'Provenance'],
  },
] as const;

/** Purposes of people, which may reach restricted records, and of systems and administrators, which may not. */
export const PEOPLE = ['TREAT', 'ETREAT', 'CAREMGT'] as const;
export const SYSTEMS = ['COC', 'PATADMIN'] as const;

export interface AgreementForm {
  title: string;
  /** Services, `Organization/..`. */
  first: string;
  second: string;
  direction: 'both' | 'first';
  what: string[];
  purposes: string[];
  label: 'N' | 'R';
  from: DateParts;
  until: DateParts;
  basis: string;
  retention: string;
  reason: string;
}

const NO_DATE: DateParts = { day: '', month: '', year: '' };
export const EMPTY_FORM: AgreementForm = {
  ...{ title: '', first: '', second: '', direction: 'both', label: 'N', basis: '', retention: '', reason: '' },
  ...{ what: [], purposes: [...PEOPLE], from: NO_DATE, until: NO_DATE },
};

const textIn = (fields: Fields, name: string): string =>
  (fields.get(name) ?? '').replace(/\s+/g, ' ').trim().slice(0, 1_000);

/** What was typed, with every problem of it. */
export function readAgreementForm(fields: Fields): { form: AgreementForm; errors: FieldError[] } {
  const { reason, errors: reasonErrors } = readReason(fields.get('reason') ?? '');
  const form: AgreementForm = {
    title: textIn(fields, 'title').slice(0, 120),
    first: textIn(fields, 'first'),
    second: textIn(fields, 'second'),
    direction: fields.get('direction') === 'first' ? 'first' : 'both',
    what: WHAT.filter(({ id }) => fields.get(`what-${id}`) !== null).map(({ id }) => id),
    purposes: [...PEOPLE, ...SYSTEMS].filter((one) => fields.get(`purpose-${one}`) !== null),
    label: fields.get('label') === 'R' ? 'R' : 'N',
    from: partsOf(fields, 'from'),
    until: partsOf(fields, 'until'),
    basis: textIn(fields, 'basis'),
    retention: textIn(fields, 'retention'),
    reason,
  };
  return { form, errors: [...faultsOf(form), ...reasonErrors] };
}

function faultsOf(form: AgreementForm): FieldError[] {
  const errors: FieldError[] = [];
  const need = (wrong: boolean, field: string, text: string) => wrong && errors.push({ field, text });
  const [from, until] = [dateOf(form.from), dateOf(form.until)];
  const isReal = (date: string | null): date is string => date !== null && date !== 'bad';
  need(form.title.length < 5, 'title', 'Enter a title of 5 characters or more');
  need(form.first === '', 'first', 'Select whose records are shared');
  need(form.second === '', 'second', 'Select who may see them');
  need(form.first !== '' && form.first === form.second, 'second', 'Select two different services');
  need(form.what.length === 0, 'what', 'Select at least one kind of record');
  need(form.purposes.length === 0, 'purpose', 'Select at least one purpose');
  need(!isReal(from), 'from-day', 'Begins must be a real date, like 1 4 2026');
  need(!isReal(until), 'until-day', 'Last day must be a real date, like 31 3 2027');
  need(
    isReal(from) && isReal(until) && until < from,
    'until-day',
    'Last day must be the same as or after the beginning',
  );
  need(form.basis.length < 5, 'basis', 'Enter the lawful basis as the signed agreement says it');
  need(form.retention.length < 5, 'retention', 'Enter how long the other service keeps what it gets');
  return errors;
}

const V3 = 'http://terminology.hl7.org/CodeSystem/v3';
const RESOURCE_TYPES = 'http://hl7.org/fhir/resource-types';
const PROFILE = 'https://tandem.example/fhir/StructureDefinition/JV-SharingAgreement';

/** The Contract of a form without faults, on top of what one says already beside it. */
export function contractOf(form: AgreementForm, before: Resource | null): Resource {
  const pairs: [string, string][] = [
    [form.first, form.second],
    ...(form.direction === 'both' ? [[form.second, form.first] satisfies [string, string]] : []),
  ];
  const people = PEOPLE.filter((one) => form.purposes.includes(one));
  const systems = SYSTEMS.filter((one) => form.purposes.includes(one));
  const types = WHAT.filter(({ id }) => form.what.includes(id)).flatMap((one) => [...one.types]);
  const terms = pairs.flatMap(([from, to]) => [
    ...(people.length === 0 ? [] : [term({ from, to, types, purposes: people, label: form.label })]),
    ...(systems.length === 0 ? [] : [term({ from, to, types, purposes: systems, label: 'N' })]),
  ]);
  const others = Array.isArray(before?.extension) ? before.extension : [];
  const ours = (one: unknown) =>
    typeof one === 'object' && one !== null && 'url' in one && (one.url === LAWFUL_BASIS || one.url === RETENTION);
  return {
    ...(before ?? {}),
    resourceType: 'Contract',
    meta: { ...before?.meta, profile: [PROFILE] },
    extension: [
      ...others.filter((one) => !ours(one)),
      { url: LAWFUL_BASIS, valueString: form.basis },
      { url: RETENTION, valueString: form.retention },
    ],
    status: before === null ? 'executed' : 'amended',
    title: form.title,
    applies: { start: dateOf(form.from) ?? '', end: dateOf(form.until) ?? '' },
    term: terms,
  };
}

interface Term {
  from: string;
  to: string;
  types: readonly string[];
  purposes: readonly string[];
  label: 'N' | 'R';
}

function term({ from, to, types, purposes, label }: Term): JsonObject {
  const party = (role: string, service: string): JsonObject => ({
    reference: [{ reference: service }],
    role: { coding: [{ system: `${V3}-ParticipationType`, code: role }] },
  });
  const control = purposes.map((code): JsonObject => ({ system: `${V3}-ActReason`, code }));
  return {
    securityLabel: [{ classification: { system: `${V3}-Confidentiality`, code: label }, control }],
    offer: { party: [party('CST', from), party('IRCP', to)] },
    asset: [{ type: types.map((code): JsonObject => ({ coding: [{ system: RESOURCE_TYPES, code }] })) }],
  };
}
