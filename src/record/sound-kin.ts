/**
 * Before birth everything about a fetus is its mother's (domain.md 3.5), so saying whose fetus somebody is moves a record.
 * Only somebody unborn has a mother in that sense, and she stays the same: a link between two families in sight would
 * give one woman's record to the other.
 */
import { refuse } from '../fhir/outcome.ts';
import { isObject } from '../fhir/resource.ts';
import type { Resource } from '../fhir/types.ts';
import type { ResourceFacts } from '../governance/facts.ts';
import { NHS_NUMBER, UNBORN_TAG } from '../governance/vocabulary.ts';
import { mothersOf } from '../store/people.ts';
import { type Db, readSeveral } from '../store/reads.ts';
import { parseStored, reach } from './decide.ts';
import type { Change } from './plan.ts';
import type { Context } from './types.ts';

/** @throws Outcome 422 for a link to somebody who is born, or whose mother is another */
export async function requireSoundKin(
  db: Db,
  context: Context,
  changes: readonly Change[],
  facts: readonly ResourceFacts[],
): Promise<void> {
  const links = facts.flatMap(({ row, kin }) => kin.map((one) => ({ ...one, source: `${row.type}/${row.id}` })));
  if (links.length === 0 || context.principal.role === 'steward') return;
  const children = [...new Set(links.map(({ child }) => child))];
  const stored = await readSeveral(db, children, reach(context));
  const sources = new Set(links.map(({ source }) => source));
  const others = (await mothersOf(db, children)).filter(({ source }) => !sources.has(source));
  const sent = new Map(changes.map(({ type, id, document }) => [`${type}/${id}`, document?.resource ?? null]));
  for (const { child, mother } of links) {
    const row = stored.get(child)?.row;
    const body = sent.get(child) ?? (row?.body ? parseStored(row.body).resource : null);
    if (body !== null && row?.tags.includes(UNBORN_TAG) !== true && isBorn(body)) throw born();
    if ([...links, ...others].some((one) => one.child === child && one.mother !== mother)) throw another();
  }
}

function isBorn(patient: Resource): boolean {
  const numbers = Array.isArray(patient.identifier) ? patient.identifier.filter(isObject) : [];
  return patient.birthDate !== undefined || numbers.some(({ system }) => system === NHS_NUMBER);
}

function born() {
  const text = 'NMTHF and GESTM name the mother of somebody unborn; from birth on she is NMTH';
  return refuse(422, 'business-rule', text, 'RelatedPerson.relationship');
}

function another() {
  const text = 'This fetus has another mother in the record; mark that link as an error first';
  return refuse(422, 'business-rule', text, 'RelatedPerson.identifier');
}
