/**
 * adoption, gender recognition, witness protection. Two persons seal the record of the old identity: all of it is V
 * from the next request on, for named persons alone, and it is linked to no other record. The new identity is registered
 * like anybody else's; this service is never told that it is one, so no view can lead from one to the other.
 */
import { auditColumns } from '../audit/entry.ts';
import { refuse } from '../fhir/outcome.ts';
import { isObject } from '../fhir/resource.ts';
import type { ConsentRow } from '../governance/types.ts';
import { reach } from '../record/decide.ts';
import { entryOf, withRows } from '../record/entry.ts';
import { requireFreshSignIn } from '../record/fresh-sign-in.ts';
import { requireNoInterest } from '../record/interests.ts';
import { NO_FACTS } from '../record/own-interest.ts';
import { audited, notFound, unknown } from '../record/refusal.ts';
import { IDENTITY_SOURCE } from '../record/sound-links.ts';
import { findPerson, type TraceAsk } from '../record/trace.ts';
import type { Context, Door } from '../record/types.ts';
import { linksOf } from '../store/people.ts';
import { type Db, readCurrent } from '../store/reads.ts';
import { writeRows } from '../store/write.ts';
import { type CarryOut, keepProposal } from './proposals.ts';

export interface SealAsk {
  person: TraceAsk;
  /** Takes the seal off again. */
  lift: boolean;
  words: string;
}

const WHO = ['safeguarding', 'caldicott-guardian'];

/** Proposes it. @returns the id under which it waits @throws Outcome 403 other roles, 404 nobody, 422 while links stand */
export function sealIdentity(door: Door, context: Context, asked: SealAsk): Promise<string> {
  const word = asked.lift ? '$unseal-identity' : '$seal-identity';
  const entry = { ...entryOf(context, 'operation'), detail: word, rules: ['R-42', 'R-27'] };
  return audited(door, entry, async () => {
    const { principal } = context;
    if (principal.kind === 'family') throw unknown();
    if (!WHO.includes(principal.role) || principal.practitionerRole === undefined)
      throw refuse(403, 'forbidden', `An identity is sealed by: ${WHO.join(', ')} (R-42)`);
    requireFreshSignIn(door, context);
    const found = await findPerson(door, context, asked.person);
    if (found === null) throw await notFound(door, entry);
    await requireNoInterest(door, context, withRows(entry, [found.row]));
    const patient = `Patient/${found.row.id}`;
    if (!asked.lift) await requireNoLinks(door.pool, patient);
    const title = asked.lift ? 'Take the seal off an identity' : 'Seal an identity';
    const body = JSON.stringify({ patient, lift: asked.lift });
    const id = await keepProposal(context, door.pool, {
      kind: 'identity',
      title,
      words: asked.words,
      body,
      version: null,
    });
    await door.audit.write({ ...withRows(entry, [found.row]), status: 202 });
    return id;
  });
}

/** Seals, or takes the seal off, once a second person has confirmed. */
export const carryOutIdentity: CarryOut = async (door, context, client, { body }) => {
  const said: unknown = JSON.parse(body);
  const { patient, lift } = isObject(said) ? said : {};
  if (typeof patient !== 'string') throw new Error('a proposal to seal an identity is not as it was kept');
  const { found } = await readCurrent(client, 'Patient', patient.slice('Patient/'.length), reach(context));
  if (found === null || found.row.deleted) throw refuse(409, 'conflict', 'This record is no longer there');
  const detail = lift === true ? '$unseal-identity confirmed' : '$seal-identity confirmed';
  const entry = withRows({ ...entryOf(context, 'operation'), detail, rules: ['R-42', 'R-27'] }, [found.row]);
  await requireNoInterest(door, context, entry);
  if (lift !== true) await requireNoLinks(client, patient);
  const source = `${IDENTITY_SOURCE}${patient}`;
  const row: ConsentRow = { patient, kind: 'sealed', party: null, classes: [], from: null, until: null, source };
  const facts = { ...NO_FACTS, sources: [source], consents: lift === true ? [] : [row] };
  await writeRows(client, { rows: [], facts, audit: [auditColumns(entry)] });
  return { written: [], entities: [] };
};

async function requireNoLinks(db: Db, patient: string): Promise<void> {
  const links = await linksOf(db, patient);
  if (links === 0) return;
  const text = `${links} ${links === 1 ? 'link leads' : 'links lead'} to or from this record: whoever wrote them takes them away first (R-42)`;
  throw refuse(422, 'business-rule', text);
}
