/** Restricted addresses, restricted and very restricted records, disclosures, and staff who are patients. */
import {
  codeSystem,
  confidentiality,
  localConcept,
  questionnaireUrl,
  reference,
  snomed,
  V3_ACT,
} from '../../src/care/canon.ts';
import { addDays } from '../../src/care/clock.ts';
import { extract } from '../../src/care/extract.ts';
import { urnOf, withReferences } from '../../src/care/extract-identity.ts';
import type { Coding, Resource } from '../../src/fhir/types.ts';
import { londonInstant, workingDay } from '../days.ts';
import { type Family, motherOf } from '../family/model.ts';
import { changing, type Special, type Steps } from './table.ts';

const FLAG_CATEGORY = 'https://fhir.nhs.uk/CodeSystem/flag-categories-bars';
const withSecurity = (one: Resource, ...security: Coding[]): Resource => ({
  ...one,
  meta: { ...one.meta, security: [...(one.meta?.security ?? []), ...security] },
});

const onMother =
  (...security: Coding[]) =>
  (family: Family, plain: Resource[]): Steps => [
    changing(plain, `Patient/${family.id}`, (one) => withSecurity(one, ...security)),
  ];

/** A label does not spread by itself: everything of hers says V. */
const everythingV = (_family: Family, plain: Resource[]): Steps => [
  plain.map((one) => withSecurity(one, confidentiality('V'))),
];

/** At the next contact, alone, she discloses: the confidential response, what follows from it, and Moira's Task. */
function disclosure(family: Family, plain: Resource[]): Steps {
  const security = [confidentiality('R'), { system: V3_ACT, code: 'SDV' }];
  const day = workingDay(addDays(family.today, -5), -1);
  const coded = (system: 'da-asked' | 'da-outcome', code: string) => ({
    valueCoding: { system: codeSystem(system), code },
  });
  const response: Resource & { id: string } = {
    resourceType: 'QuestionnaireResponse',
    id: `${family.id}-jvc`,
    meta: { security },
    questionnaire: questionnaireUrl('joint-visit-confidential'),
    status: 'completed',
    subject: motherOf(family),
    authored: londonInstant(day, '14:40'),
    author: reference(family.healthVisitor),
    source: motherOf(family),
    item: [
      { linkId: 'jvc.alone', answer: [{ valueBoolean: true }] },
      {
        linkId: 'jvc.da',
        item: [
          { linkId: 'jvc.da.asked', answer: [coded('da-asked', 'yes')] },
          { linkId: 'jvc.da.outcome', answer: [coded('da-outcome', 'disclosed-current')] },
          { linkId: 'jvc.da.details', answer: [{ valueString: 'Canary: synthetic disclosure, for tests only' }] },
        ],
      },
      { linkId: 'jvc.safe-contact', answer: [{ valueString: 'Ring only on weekday mornings' }] },
      {
        linkId: 'jvc.safeguarding',
        answer: [{ valueCoding: snomed('878111000000109', 'Unborn child is cause for safeguarding concern') }],
      },
    ],
  };
  const output = extract(response, {
    effective: londonInstant(day, '14:40'),
    safeguardingTeam: reference('PractitionerRole/sg-moira'),
  });
  const addresses = new Map(
    output.map(({ key, resource }, n): [string, string] => [
      urnOf(key),
      `${resource.resourceType}/${family.id}-c${n + 1}`,
    ]),
  );
  const extracted = output.map(({ resource }, n) => ({
    ...withReferences(resource, addresses),
    id: `${family.id}-c${n + 1}`,
  }));
  return [[...plain, response, ...extracted]];
}

/** A concern flag without a disclosure: safeguarding pathway. */
export function safeguardingFlag(family: Family): Resource {
  return {
    resourceType: 'Flag',
    id: `${family.id}-safeguarding`,
    meta: { security: [confidentiality('R')] },
    status: 'active',
    category: [{ coding: [{ system: FLAG_CATEGORY, code: 'SG' }] }],
    code: { coding: [snomed('878111000000109', 'Unborn child is cause for safeguarding concern')] },
    subject: motherOf(family),
    period: { start: family.booked },
    author: reference(family.midwife),
  };
}

/** What everyone with a visit must see, whatever else they may (H-07). */
export function sceneSafety(family: Family, code: 'dog' | 'visit-in-pairs'): Resource {
  return {
    resourceType: 'Flag',
    id: `${family.id}-${code}`,
    status: 'active',
    category: [{ coding: [{ system: FLAG_CATEGORY, code: 'SS' }] }],
    code: { coding: [{ system: 'https://tandem.example/fhir/CodeSystem/scene-safety', code }] },
    subject: motherOf(family),
    period: { start: family.booked },
    author: reference(family.midwife),
  };
}

/** Moira was asked about a family without being in its care team (vector 10). */
function reviewTask(family: Family): Resource {
  return {
    resourceType: 'Task',
    id: `${family.id}-review`,
    meta: { security: [confidentiality('R')] },
    status: 'requested',
    intent: 'order',
    code: localConcept('jv-task', 'safeguarding-review'),
    description: 'Safeguarding review',
    for: motherOf(family),
    focus: reference(`Flag/${family.id}-safeguarding`),
    authoredOn: londonInstant(addDays(family.today, -6), '09:10'),
    requester: reference(family.midwife),
    owner: reference('PractitionerRole/sg-moira'),
  };
}

export const LABELS: readonly Special[] = [
  {
    id: 'fam-006',
    shows: 'restricted address (S-flag), in the care of Priya and Helen',
    spec: { area: 'brinnington', gestation: 130, state: 'triaged', midwife: 'mw-priya', healthVisitor: 'hv-helen' },
    steps: onMother(confidentiality('R')),
  },
  {
    id: 'fam-007',
    shows: 'very restricted (V): nobody without being named sees anything',
    spec: { area: '6', gestation: 120, state: 'triaged', midwife: 'mw-priya', healthVisitor: 'hv-helen' },
    steps: everythingV,
  },
  {
    id: 'fam-008',
    shows:
      'joint visit done, then a disclosure of domestic abuse when alone (JVC, R + SDV, safeguarding flag, Task for Moira)',
    spec: {
      area: 'offerton',
      gestation: 208,
      state: 'plan-agreed',
      level: 'specialist',
      midwife: 'mw-priya',
      healthVisitor: 'hv-helen',
      visit: { kind: 'joint-visit', state: 'finished', day: -46, time: '11:30' },
    },
    steps: disclosure,
  },
  {
    id: 'fam-018',
    shows: 'the mother is a colleague (EMP): a health visitor of the team that looks after her',
    spec: {
      area: '7',
      gestation: 125,
      state: 'triaged',
      name: { family: 'Samplewell', given: ['Deborah'] },
      healthVisitor: 'hv-11',
    },
    steps: onMother({ system: V3_ACT, code: 'EMP' }),
  },
  {
    id: 'fam-019',
    shows: 'same surname as the midwife of the family (A-04)',
    spec: {
      area: '8',
      gestation: 118,
      state: 'triaged',
      name: { family: 'Samplewood', given: ['Chloe'] },
      midwife: 'mw-13',
    },
  },
  {
    id: 'fam-020',
    shows: 'same street as a health visitor of the team (A-05)',
    spec: {
      area: '4',
      gestation: 116,
      state: 'triaged',
      address: { line: ['15 Fixture Lane'], city: 'Sampleport', postalCode: 'ZZ4 2AB' },
      healthVisitor: 'hv-17',
    },
  },
  {
    id: 'fam-023',
    shows: 'scene safety: visit in pairs, a dog',
    spec: {
      area: 'adswood',
      gestation: 147,
      state: 'scheduled',
      healthVisitor: 'hv-helen',
      visit: { kind: 'joint-visit', state: 'booked', day: 9, time: '11:30' },
    },
    steps: (family, plain) => [[...plain, sceneSafety(family, 'visit-in-pairs'), sceneSafety(family, 'dog')]],
  },
  {
    id: 'fam-034',
    shows: 'safeguarding pathway: flag and a review for Moira, who is not in the care team',
    spec: {
      area: 'brinnington',
      gestation: 135,
      state: 'triaged',
      pathway: 'safeguarding',
      level: 'safeguarding-advice-sought',
      priority: 'urgent',
      midwife: 'mw-priya',
      healthVisitor: 'hv-helen',
    },
    steps: (family, plain) => [[...plain, safeguardingFlag(family), reviewTask(family)]],
  },
];
