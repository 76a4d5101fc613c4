/** Every family of domain.md 7.3 that shows something, with Aisha first. */

import { reference } from '../../src/care/canon.ts';
import { relatedPerson } from '../../src/care/family.ts';
import type { Resource } from '../../src/fhir/types.ts';
import type { Family } from '../family/model.ts';
import { babyId } from '../family/model.ts';
import { BABIES } from './babies.ts';
import { LABELS } from './labels.ts';
import { PATHWAY } from './pathway.ts';
import { SHARING } from './sharing.ts';
import type { Special, Steps } from './table.ts';
import { VISITS } from './visits.ts';

/** The demo's own mother and partner: the joint visit was nine days ago, the plan is agreed. No permit for Danny. */
const AISHA: Special = {
  id: 'aisha',
  shows: 'the demo mother (`mother`), her partner Danny (`partner`, no permit), Priya and Helen; plan agreed',
  spec: {
    area: 'brinnington',
    gestation: 165,
    state: 'plan-agreed',
    name: { family: 'Sample-Khan', given: ['Aisha'] },
    partner: { family: 'Testman', given: ['Danny'] },
    age: 24,
    language: 'ur',
    interpreter: true,
    midwife: 'mw-priya',
    healthVisitor: 'hv-helen',
    visit: { kind: 'joint-visit', state: 'finished', day: -9, time: '11:30', interpreter: true },
  },
  steps: dannyAsFather,
};

/** One human, two RelatedPersons: of the mother and of the unborn baby, tied by a Person (3.5). */
function dannyAsFather(family: Family, plain: Resource[]): Steps {
  const father = relatedPerson({
    patient: reference(`Patient/${babyId(family, 'A')}`),
    relationship: 'NFTHF',
    ...(family.partner === null ? {} : { name: family.partner }),
  });
  const person: Resource = {
    resourceType: 'Person',
    id: 'danny',
    active: true,
    managingOrganization: reference('Organization/maternity-service'),
    link: [
      { target: reference('RelatedPerson/danny'), assurance: 'level2' },
      { target: reference('RelatedPerson/danny-father'), assurance: 'level2' },
    ],
  };
  return [[...plain, { ...father, id: 'danny-father' }, person]];
}

/** In the order of their numbers; `Special.id` 'aisha' has number 0. */
export const SPECIALS: readonly Special[] = [
  AISHA,
  ...[...BABIES, ...LABELS, ...SHARING, ...PATHWAY, ...VISITS].toSorted((a, b) => a.id.localeCompare(b.id)),
];
