/** A joint visit written up: working copy with both signatures, the released copy, and what was extracted from it. */
import { codeSystem, confidentiality, type LocalSystem, questionnaireUrl, reference } from '../../src/care/canon.ts';
import { addDays, formatGestation, gestationDays } from '../../src/care/clock.ts';
import { extract } from '../../src/care/extract.ts';
import { type Extracted, urnOf, withReferences } from '../../src/care/extract-identity.ts';
import { planRelease, withSignature } from '../../src/care/release.ts';
import type { JsonObject, Resource, StoredResource } from '../../src/fhir/types.ts';
import { babyId, type Family, motherOf, type VisitSpec } from './model.ts';
import { timeOf, type VisitTime } from './visit.ts';
import { ACTIONS, CHALLENGES, GOALS, PARENT_WORDS, PRIORITIES, RATIONALES, STRENGTHS, some, VOICES } from './words.ts';

const coded = (name: LocalSystem, code: string): JsonObject => ({ valueCoding: { system: codeSystem(name), code } });
const said = (valueString: string): JsonObject => ({ valueString });
const to = (address: string): JsonObject => ({ valueReference: { reference: address } });
const answer = (linkId: string, ...values: JsonObject[]): JsonObject => ({ linkId, answer: values });
const group = (linkId: string, ...item: JsonObject[]): JsonObject => ({ linkId, item });

/** Everything the visit left in writing; before release (`false`) only the working copy of the author. */
export function assessment(family: Family, visit: VisitSpec, released: boolean): Resource[] {
  const time = timeOf(family, visit);
  const unsigned = workingCopy(family, visit, time);
  const attended =
    visit.outcome === 'single-practitioner' ? [family.healthVisitor] : [family.midwife, family.healthVisitor];
  if (!released) return [{ ...unsigned, status: 'in-progress' }];
  const when = new Date(Date.parse(time.end) + 20 * 60_000);
  const signed = attended.reduce((one, who) => withSignature(one, reference(who), when), unsigned);
  // The copy names the version it was made from; the seed writes each resource once.
  const stored: StoredResource = {
    ...signed,
    id: `${family.id}-jva`,
    meta: { ...signed.meta, versionId: '1', lastUpdated: '' },
  };
  const copyId = `${family.id}-jva-copy`;
  const { copy, provenance } = planRelease(stored, undefined, `QuestionnaireResponse/${copyId}`, when);
  const release = { ...copy, id: copyId };
  const output = extract(release, { effective: time.start, careTeam: reference(`CareTeam/${family.id}`) });
  return [signed, release, { ...provenance, id: `${family.id}-release` }, ...settled(output, family.id)];
}

/** Extracted resources under ids of the family, in the order of their answers. */
function settled(output: readonly Extracted[], id: string): Resource[] {
  const ids = output.map((_one, n) => `${id}-x${n + 1}`);
  const addresses = new Map(
    output.map(({ key, resource }, n): [string, string] => [urnOf(key), `${resource.resourceType}/${ids[n]}`]),
  );
  return output.map(({ resource }, n) => ({ ...withReferences(resource, addresses), id: ids[n] ?? '' }));
}

function workingCopy(family: Family, visit: VisitSpec, time: VisitTime): Resource {
  return {
    resourceType: 'QuestionnaireResponse',
    id: `${family.id}-jva`,
    meta: { security: [confidentiality('R')] },
    questionnaire: questionnaireUrl('joint-visit-assessment'),
    status: 'completed',
    subject: motherOf(family),
    encounter: reference(`Encounter/${family.id}-visit`),
    authored: time.end,
    author: reference(family.healthVisitor),
    source: motherOf(family),
    item: answers(family, visit, time),
  };
}

function answers(family: Family, visit: VisitSpec, time: VisitTime): JsonObject[] {
  const own = family.dice;
  const single = visit.outcome === 'single-practitioner';
  return [
    group(
      'visit',
      answer('visit.mode', coded('visit-mode', visit.mode ?? 'home')),
      answer('visit.gestation', said(formatGestation(gestationDays(family.edd, time.date)))),
      answer('visit.present', coded('present', 'mother')),
      practitioner('midwife', family.midwife, !single),
      practitioner('health-visitor', family.healthVisitor, true),
    ),
    group('priorities', answer('priorities.text', ...some(own, PRIORITIES, 2).map(said))),
    ...family.babies.map(({ letter }) =>
      group(
        'baby',
        answer('baby.ref', to(`Patient/${babyId(family, letter)}`)),
        answer('baby.voice', said(own.pick(VOICES))),
      ),
    ),
    triangle(family),
    matrix(family),
    group(
      'need',
      answer('need.level', coded('level-of-need', family.spec.level ?? 'targeted')),
      answer('need.rationale', said(own.pick(RATIONALES))),
      answer('need.agreed-with-family', coded('agreed', 'yes')),
    ),
    plan(family, time),
    group(
      'sharing',
      answer('sharing.explained', { valueBoolean: true }),
      answer('sharing.objection', coded('objection', 'none')),
    ),
  ];
}

function practitioner(role: string, who: string, attended: boolean): JsonObject {
  return group(
    'visit.practitioners',
    answer('visit.practitioners.role', coded('practitioner-role', role)),
    answer('visit.practitioners.ref', to(who)),
    answer('visit.practitioners.attended', { valueBoolean: attended }),
  );
}

/** One heading of each side of the triangle: families open what matters to them. */
function triangle(family: Family): JsonObject {
  const own = family.dice;
  const heading = (linkId: string): JsonObject =>
    group(
      linkId,
      answer(`${linkId}.discussed`, coded('discussed', 'yes')),
      answer(`${linkId}.strengths`, ...some(own, STRENGTHS, 2).map(said)),
      answer(`${linkId}.challenges`, said(own.pick(CHALLENGES))),
      answer(`${linkId}.balance`, coded('balance', own.pick(['mostly-strength', 'mixed', 'mostly-challenge']))),
      answer(`${linkId}.parent-words`, said(own.pick(PARENT_WORDS))),
      answer(`${linkId}.indicators`, coded('shanarri', own.pick(['healthy', 'nurtured', 'included', 'safe']))),
    );
  const side = (name: string): JsonObject => group(`mwt.${name}`, heading(`mwt.${name}.${own.between(1, 7)}`));
  return group('mwt', side('grow'), side('need'), side('world'));
}

function matrix(family: Family): JsonObject {
  const own = family.dice;
  const quadrant = own.pick([
    'resilient-protective',
    'resilient-adverse',
    'vulnerable-protective',
    'vulnerable-adverse',
  ]);
  return group(
    'rm',
    answer('rm.used', { valueBoolean: true }),
    group('rm.resilience', answer('rm.resilience.text', said(own.pick(STRENGTHS)))),
    answer('rm.quadrant', coded('resilience-quadrant', quadrant)),
    answer('rm.rationale', said('Placed together with the family')),
    answer('rm.x', { valueInteger: quadrant.startsWith('resilient') ? 1 : -1 }),
    answer('rm.y', { valueInteger: quadrant.endsWith('protective') ? 1 : -1 }),
  );
}

function plan(family: Family, time: VisitTime): JsonObject {
  const own = family.dice;
  const goal = (text: string): JsonObject =>
    group(
      'plan.goal',
      answer('plan.goal.text', said(text)),
      answer('plan.goal.indicator', coded('shanarri', own.pick(['healthy', 'nurtured', 'included']))),
      answer('plan.goal.target', { valueDate: addDays(time.date, 35) }),
      answer('plan.goal.lead', coded('goal-lead', own.pick(['mother', 'midwife', 'health-visitor']))),
    );
  return group(
    'plan',
    ...some(own, GOALS, 2).map(goal),
    group(
      'plan.action',
      answer('plan.action.text', said(own.pick(ACTIONS))),
      answer('plan.action.by', { valueDate: addDays(time.date, 14) }),
      answer('plan.action.goal', { valueInteger: 1 }),
      answer('plan.action.type', coded('plan-action-type', 'visit')),
    ),
    answer('plan.review', { valueDate: addDays(time.date, 42) }),
    answer('plan.copy', coded('copy-choice', 'paper')),
  );
}
