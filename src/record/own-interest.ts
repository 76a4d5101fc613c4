/**
 * What keeps staff out of a record however they are related to it: that it is their own, that they declared an
 * interest in it, or that its use is restricted.
 */
import { auditColumns } from '../audit/entry.ts';
import type { AuditEntry } from '../audit/types.ts';
import { refuse } from '../fhir/outcome.ts';
import type { ConsentRow } from '../governance/types.ts';
import { readCurrent } from '../store/reads.ts';
import type { FactWrite } from '../store/rows.ts';
import { writeRows } from '../store/write.ts';
import { reach } from './decide.ts';
import { entryOf, withRows } from './entry.ts';
import { type GrantAsk, targetOf } from './grants.ts';
import { newId } from './ids.ts';
import { requireNoInterest } from './interests.ts';
import { audited, notFound, unknown } from './refusal.ts';
import { findPerson, type TraceAsk } from './trace.ts';
import type { Context, Door } from './types.ts';

export interface RestrictAsk {
  person: TraceAsk;
  lift: boolean;
  words: string;
}

const GUARDIANS = ['ig-officer', 'caldicott-guardian'];
const KEEPERS = ['ig-officer', 'caldicott-guardian', 'sysadmin', 'steward'];
/** A write that says nothing to the rules yet. */
export const NO_FACTS: FactWrite = {
  sources: [],
  relationships: [],
  consents: [],
  agreements: [],
  kin: [],
  pregnancies: [],
  directory: [],
  touches: [],
  generation: false,
};

/**
 * Keeps the keyed hash of a practitioner's own NHS number; the number itself goes nowhere. From the next
 * request on no role of hers opens that record. @throws Outcome 403 for other roles, 404 nobody of that id
 */
export function keepOwnNumber(door: Door, context: Context, practitioner: string, nhsNumber: string): Promise<void> {
  const entry = { ...entryOf(context, 'operation'), detail: '$own-number', rules: ['R-11'], entities: [practitioner] };
  return audited(door, entry, async () => {
    if (!KEEPERS.includes(context.principal.role))
      throw refuse(403, 'forbidden', 'Own numbers are kept by those who keep the directory (R-11)');
    // Whoever could set her own would set another one, and open her own record.
    if (practitioner === context.principal.practitioner)
      throw refuse(403, 'forbidden', 'Your own number is kept by a colleague (R-11)');
    const id = practitioner.slice('Practitioner/'.length);
    const { found } = await readCurrent(door.pool, 'Practitioner', id, reach(context));
    if (found === null || found.row.deleted) throw await notFound(door, entry);
    const source = `own-number:${practitioner}`;
    const row = { kind: 'own-record', member: practitioner, key: door.personKey(nhsNumber) };
    const directory = [{ source, member: practitioner, entry: row }];
    await write(door, { ...NO_FACTS, sources: [source], directory, generation: true }, entry);
  });
}

/** The caller keeps herself out of a record, for good; broken glass remains. @throws Outcome as a grant does */
export function declareConflict(door: Door, context: Context, target: GrantAsk['target']): Promise<void> {
  const entry = { ...entryOf(context, 'operation'), detail: '$declare-conflict', rules: ['R-12'] };
  return audited(door, entry, async () => {
    const party = context.principal.practitionerRole;
    if (party === undefined) throw refuse(403, 'forbidden', 'Only a person declares an interest (R-12)');
    const { row } = await targetOf(door, context, target, entry);
    const about = { patient: `Patient/${row.id}`, classes: [], from: context.now.toISOString(), until: null };
    const consent: ConsentRow = { ...about, kind: 'conflict', party, source: `conflict:${newId(context.now)}` };
    await write(door, { ...NO_FACTS, consents: [consent] }, withRows(entry, [row]));
  });
}

/**
 * Restricts use of a record, or lifts it. The officer names the woman as in a case, and sees nothing of the record.
 * @throws Outcome 403 for other roles, 404 no such person
 */
export function restrictUse(door: Door, context: Context, asked: RestrictAsk): Promise<void> {
  const word = asked.lift ? '$lift-restriction' : '$restrict';
  const detail = `${word}; reason: ${asked.words.slice(0, 300)}`;
  const entry = { ...entryOf(context, 'operation'), detail, rules: ['R-31'] };
  return audited(door, entry, async () => {
    if (context.principal.kind === 'family') throw unknown();
    if (!GUARDIANS.includes(context.principal.role))
      throw refuse(403, 'forbidden', 'Use is restricted by privacy officers and Caldicott Guardians (R-31)');
    const found = await findPerson(door, context, asked.person);
    if (found === null) throw await notFound(door, entry);
    await requireNoInterest(door, context, withRows(entry, [found.row]));
    const patient = `Patient/${found.row.id}`;
    const source = `restriction:${patient}`;
    const row: ConsentRow = { patient, kind: 'restriction', party: null, classes: [], from: null, until: null, source };
    const consents = asked.lift ? [] : [row];
    await write(door, { ...NO_FACTS, sources: [source], consents }, withRows(entry, [found.row]));
  });
}

async function write(door: Door, facts: FactWrite, entry: AuditEntry): Promise<void> {
  await writeRows(door.pool, { rows: [], facts, audit: [auditColumns(entry)] });
  door.wake();
}
