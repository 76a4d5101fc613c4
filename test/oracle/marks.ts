/**
 * What is shown of a row that may be shown: an independent reading of over random worlds
 * whose every maskable element carries a word of its own, and each mask proven alive by taking it away.
 */
import fc from 'fast-check';
import type { JsonObject, Resource } from '../../src/fhir/types.ts';
import { applyMasks } from '../../src/governance/apply-masks.ts';
import type { Mask } from '../../src/governance/decision-types.ts';
import { masksFor } from '../../src/governance/masks.ts';
import { type Prepared, principal, serviceSays, worldOf } from './answers.ts';
import { NOW } from './ground.ts';
import { PEOPLE, type Person } from './people.ts';
import { kindOf, loose, subjectsOf, type World } from './reading.ts';
import { teamsOf } from './ties.ts';
import { worlds } from './worlds.ts';

const FETAL = 'http://hl7.org/fhir/6.0/StructureDefinition/extension-Patient.fetalStatus';
const R = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }];

/** Words put where masks look, by type: word -> element. */
const WORDS: Readonly<Record<string, JsonObject>> = {
  Patient: { address: [{ text: 'PLACE' }], telecom: [{ value: 'PHONE' }], name: [{ text: 'NAME' }] },
  Appointment: { comment: 'PLACE', reasonCode: [{ text: 'REASON' }] },
  Encounter: { location: [{ location: { display: 'PLACE' } }], reasonCode: [{ text: 'REASON' }] },
  ServiceRequest: { locationCode: [{ text: 'PLACE' }], reasonCode: [{ text: 'REASON' }] },
  CarePlan: { note: [{ text: 'NOTE' }], title: 'TITLE' },
  Flag: { code: { text: 'REASON' } },
  DocumentReference: { description: 'REASON' },
};
const ANSWERS = [
  { linkId: 'jvc.third-party', text: 'THIRD' },
  { linkId: 'other', text: 'ANSWER' },
];

function marked(resource: Resource, flagged: boolean): Resource {
  const more = WORDS[resource.resourceType] ?? {};
  const items = resource.resourceType === 'QuestionnaireResponse' ? { item: ANSWERS } : {};
  const isUnborn = resource.resourceType === 'Patient' && resource.id === 'u1';
  const fetal = isUnborn ? { extension: [{ url: FETAL, valueCode: 'FETAL' }] } : {};
  const isFlagged = flagged && resource.resourceType === 'Patient' && resource.id === 'p1';
  return { ...resource, ...more, ...items, ...fetal, ...(isFlagged ? { meta: { security: R } } : {}) };
}

const unmasking: Resource = {
  resourceType: 'Grant',
  id: 'unmask',
  kind: 'unmask',
  holder: 'PractitionerRole/mw-1',
  patient: 'Patient/p1',
  at: '2000-01-01T00:00:00Z',
  until: '2100-01-01T00:00:00Z',
  pregnancy: null,
};
export const marks = fc
  .record({ world: worlds, flagged: fc.boolean(), opened: fc.boolean() })
  .map(({ world, flagged, opened }) => ({
    world: [...world.map((one) => marked(one, flagged)), ...(opened ? [unmasking] : [])],
    flagged,
    opened,
  }));
export type Marks = typeof marks extends fc.Arbitrary<infer M> ? M : never;

/** Roles for which a kind of data is a summary (domain.md 5.3 "S"). */
const SUMMARY: Readonly<Record<string, readonly string[]>> = {
  demographics: ['social-worker', 'partner'],
  referral: ['gp', 'admin', 'mother'],
  schedule: ['partner'],
  visit: ['social-worker', 'admin', 'partner'],
  'assessment-copy': ['nursery-nurse', 'gp', 'partner'],
  plan: ['gp', 'social-worker', 'partner'],
  'safeguarding-flag': ['gp', 'system', 'nursery-nurse', 'admin'],
  documents: ['nursery-nurse', 'partner'],
  consent: ['social-worker'],
};
const OUTSIDE_PREGNANCY = ['admin', 'nursery-nurse', 'social-worker', 'partner'];
const SEES_OTHERS = ['midwife', 'health-visitor', 'safeguarding'];

/** She wrote it, or somebody of a team she stands in did. */
export function isOfTeam(world: World, person: Person, resource: Resource): boolean {
  const author = String(loose(resource).author?.reference);
  if (author === `PractitionerRole/${person.id}`) return true;
  const mine = teamsOf(world, person, NOW.getTime());
  const writer: Person = { ...person, id: author.split('/')[1] ?? '' };
  return teamsOf(world, writer, NOW.getTime()).some((team) => mine.includes(team));
}

/** The words a reader of this row sees. */
function expected({ world, flagged, opened }: Marks, person: Person, resource: Resource): string[] {
  const { role } = person;
  const kind = kindOf(world, resource);
  const isSummary = SUMMARY[kind]?.includes(role) === true;
  const isHers = flagged && subjectsOf(world, resource).includes('Patient/p1');
  const isOpened = opened && person.id === 'mw-1';
  const placeHidden = role === 'partner' || (isHers && role !== 'mother' && !isOpened);
  const hidden = new Set<string>();
  const hide = (when: boolean, ...words: string[]): void => {
    for (const word of when ? words : []) hidden.add(word);
  };
  switch (resource.resourceType) {
    case 'Patient':
      hide(placeHidden || isSummary, 'PLACE', 'PHONE');
      hide(OUTSIDE_PREGNANCY.includes(role), 'FETAL');
      break;
    case 'Appointment':
      hide(placeHidden || isSummary, 'PLACE');
      hide(role === 'admin' || isSummary, 'REASON');
      break;
    case 'Encounter':
    case 'ServiceRequest':
      hide(placeHidden, 'PLACE');
      hide(isSummary, 'REASON');
      break;
    case 'CarePlan':
      hide(placeHidden || isSummary || role === 'nursery-nurse', 'NOTE');
      break;
    case 'Flag':
    case 'DocumentReference':
      hide(isSummary, 'REASON');
      break;
    case 'QuestionnaireResponse':
      hide(isSummary || (role === 'team-lead' && kind === 'working-copy'), 'THIRD', 'ANSWER');
      hide(kind === 'confidential' && !SEES_OTHERS.includes(role), 'THIRD');
      // A midwife reads it where her team wrote it.
      hide(kind === 'confidential' && role === 'midwife' && !isOfTeam(world, person, resource), 'THIRD');
      break;
  }
  return wordsIn(resource).filter((word) => !hidden.has(word));
}

const ALL = ['PLACE', 'PHONE', 'NAME', 'REASON', 'NOTE', 'TITLE', 'FETAL', 'THIRD', 'ANSWER'];
const wordsIn = (resource: Resource): string[] => {
  const text = JSON.stringify(resource);
  return ALL.filter((word) => text.includes(`"${word}"`));
};

function shown(
  prepared: Prepared,
  person: Person,
  index: number,
  resource: Resource,
  through: (masks: Mask[]) => Mask[],
) {
  const who = principal(prepared, person);
  return wordsIn(applyMasks(resource, through(masksFor(who, worldOf(prepared, index)))));
}

/** The first row on which the two readings differ, in words; null when they agree. */
export function difference(marks: Marks, prepared: Prepared, through: (masks: Mask[]) => Mask[]): string | null {
  for (const person of PEOPLE) {
    for (const [index, resource] of marks.world.entries()) {
      if (!serviceSays(prepared, person, index)) continue;
      const [is, should] = [shown(prepared, person, index, resource, through), expected(marks, person, resource)];
      if (is.join() !== should.join())
        return `${person.role} ${resource.resourceType}/${resource.id}: shown ${is}, expected ${should}`;
    }
  }
  return null;
}
