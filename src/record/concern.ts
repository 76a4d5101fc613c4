/**
 * A concern about a child's safety: anybody who is signed in may write one, about whomever, without any relationship
 * and whatever agreements and objections say. Known and unknown families get the same answer from the same work; it opens
 * nothing. The author reads and adds to her own words by receipt; safeguarding reads the queue at once.
 */
import { auditColumns } from '../audit/entry.ts';
import type { AuditEntry } from '../audit/types.ts';
import { refuse } from '../fhir/outcome.ts';
import { type ConcernText, insertConcern, readConcern, readConcerns } from '../store/concerns.ts';
import { inTransaction } from '../store/transaction.ts';
import { writeRows } from '../store/write.ts';
import { entryOf } from './entry.ts';
import { heldIn } from './handles.ts';
import { newId } from './ids.ts';
import { audited, notFound, unknown } from './refusal.ts';
import { findPerson, type TraceAsk } from './trace.ts';
import type { Context, Door } from './types.ts';

export type { ConcernText } from '../store/concerns.ts';

export interface ConcernAsk {
  words: string;
  /** Whom it is about, as the author knows them. */
  about: string;
  person: TraceAsk | null;
  handle: string | null;
}

/** Texts the queue shows at most. */
const QUEUE = 200;

/** The receipt. @throws Outcome 404 for families, 403 for system administrators, 400 for a handle that is none */
export function reportConcern(door: Door, context: Context, asked: ConcernAsk): Promise<string> {
  const entry = entryFor(context, '$report-concern');
  return audited(door, entry, async () => {
    requireWriter(context);
    const patient = await patientMeant(door, context, asked);
    const receipt = newId(context.now);
    const text = { ...authored(context, receipt, 1), about: asked.about, patient, words: asked.words };
    await store(door, text, { ...entry, patients: patient === null ? [] : [patient], entities: [] });
    return receipt;
  });
}

/** Adds to one's own concern. @throws Outcome 404 for any other receipt */
export function amendConcern(door: Door, context: Context, receipt: string, words: string): Promise<void> {
  const entry = entryFor(context, '$amend-concern');
  return audited(door, entry, async () => {
    const before = await ownTexts(door, context, receipt, entry);
    const [first] = before;
    if (first === undefined) throw await notFound(door, entry);
    const text = {
      ...authored(context, receipt, before.length + 1),
      about: first.about,
      patient: first.patient,
      words,
    };
    await store(door, text, { ...entry, patients: first.patient === null ? [] : [first.patient] });
  });
}

/** One's own words, oldest first. @throws Outcome 404 for any other receipt */
export function ownConcern(door: Door, context: Context, receipt: string): Promise<ConcernText[]> {
  const entry = entryFor(context, '$read-concern');
  return audited(door, entry, async () => {
    const texts = await ownTexts(door, context, receipt, entry);
    await door.audit.write(entry);
    return texts;
  });
}

/** The safeguarding duty queue, newest first. @throws Outcome 403 for every other role */
export function concernQueue(door: Door, context: Context): Promise<ConcernText[]> {
  const entry = entryFor(context, '$concerns');
  return audited(door, entry, async () => {
    if (context.principal.kind === 'family') throw unknown();
    if (context.principal.role !== 'safeguarding')
      throw refuse(403, 'forbidden', 'The queue of concerns is read by safeguarding (R-46)');
    const texts = await readConcerns(door.pool, QUEUE);
    const patients = texts.flatMap(({ patient }) => (patient === null ? [] : [patient]));
    await door.audit.write({ ...entry, patients });
    return texts;
  });
}

function entryFor(context: Context, detail: string): AuditEntry {
  return { ...entryOf(context, 'operation'), detail, rules: ['R-46'] };
}

function requireWriter({ principal }: Context): void {
  if (principal.kind === 'family') throw unknown();
  if (principal.role === 'sysadmin') throw refuse(403, 'forbidden', 'This role writes no concerns (domain role views)');
}

/** Known or not, the same look-up; nothing of it is told. */
async function patientMeant(door: Door, context: Context, asked: ConcernAsk): Promise<string | null> {
  if (asked.handle !== null) return heldIn(door, context, asked.handle).patient;
  const found = asked.person === null ? null : await findPerson(door, context, asked.person);
  return found === null ? null : `Patient/${found.row.id}`;
}

async function ownTexts(door: Door, context: Context, receipt: string, entry: AuditEntry): Promise<ConcernText[]> {
  const texts = await readConcern(door.pool, receipt);
  if (texts[0]?.author !== authorOf(context)) throw await notFound(door, entry);
  return texts;
}

function authorOf({ principal }: Context): string {
  return principal.practitionerRole ?? `Client/${principal.clientId}`;
}

function authored(context: Context, receipt: string, n: number): Omit<ConcernText, 'about' | 'patient' | 'words'> {
  return { receipt, n, author: authorOf(context), authorName: context.principal.name, at: context.now };
}

async function store(door: Door, text: ConcernText, entry: AuditEntry): Promise<void> {
  await inTransaction(door.pool, async (client) => {
    await insertConcern(client, text);
    await writeRows(client, { rows: [], facts: null, audit: [auditColumns({ ...entry, status: 202 })] });
  });
  door.wake();
}
