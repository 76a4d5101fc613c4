/**
 * Files about more people than the cap: one officer asks with a reason, a second one lets it go or refuses, and the
 * first takes it within a day, once. The file is made when it is taken, so that it holds what the rules then permit.
 */
import { refuse } from '../fhir/outcome.ts';
import { isObject } from '../fhir/resource.ts';
import type { Json, JsonObject } from '../fhir/types.ts';
import { requireFreshSignIn } from '../record/fresh-sign-in.ts';
import type { Context, Door } from '../record/types.ts';
import {
  decideExport,
  type ExportRequest,
  exportByReference,
  exportsOf,
  insertExport,
  takeExport,
} from '../store/models/exports.ts';
import { inTransaction } from '../store/transaction.ts';
import { type ExportAsked, type ExportFile, exportTable } from './export-table.ts';
import { deskEntry, officerOf, onDesk, recordInside } from './officer.ts';
import { askQuestion, QUESTIONS, type Question } from './questions.ts';

/** A question to be taken out, as it was filled in. */
export interface WantedFile {
  question: Question;
  /** Of the dates, in words. */
  period: string;
  asked: ExportAsked;
}

/** How long an approval stands. */
const HOURS = 24;
const SHOWN = 100;

/** The file at once, or (above the cap) the reference under which it waits for a second officer. */
export async function exportQuestion(
  door: Door,
  context: Context,
  wanted: WantedFile,
): Promise<{ file: ExportFile } | { waiting: string }> {
  const made = await makeFile(door, context, wanted, null);
  return 'people' in made ? { waiting: await request(door, context, wanted, made.people) } : made;
}

async function makeFile(door: Door, context: Context, wanted: WantedFile, approved: string | null) {
  const { question, asked, period } = wanted;
  const answer = await askQuestion(door, context, question);
  const filter = [question.person, question.case, question.rule].filter((part) => part !== '').join(', ');
  const what = {
    name: question.id,
    title: titleOf(question),
    answer,
    period,
    filter: filter === '' ? 'none' : filter,
  };
  return exportTable(door, context, what, { ...asked, approved });
}

function titleOf({ id }: Question): string {
  return QUESTIONS.find((one) => one.id === id)?.words ?? id;
}

function request(door: Door, context: Context, wanted: WantedFile, people: number): Promise<string> {
  const entry = deskEntry(context, 'export-request', { rules: ['R-38'] });
  return onDesk(door, context, entry, () =>
    inTransaction(door.pool, async (client) => {
      const { name, practitioner = null } = context.principal;
      const { reason } = wanted.asked;
      const who = { askedBy: officerOf(context), askedName: name, practitioner, asked: context.now };
      const what: JsonObject = JSON.parse(JSON.stringify(wanted));
      const reference = await insertExport(client, { ...who, what, title: titleOf(wanted.question), reason, people });
      await recordInside(client, { ...entry, detail: `export-request ${reference}; reason: ${reason}` });
      return reference;
    }),
  );
}

export type ShownExport = ExportRequest & { mine: boolean };

/** The newest requests; what each of them may be done with now is a matter of its state and of who asked. */
export function listExports(door: Door, context: Context): Promise<ShownExport[]> {
  const entry = deskEntry(context, 'exports', { rules: ['R-38'] });
  return onDesk(door, context, entry, async () => {
    const all = await exportsOf(door.pool, SHOWN);
    await door.audit.write(entry);
    return all.map((one) => ({ ...one, mine: isSame(one, context) }));
  });
}

function isSame({ askedBy, practitioner }: ExportRequest, { principal }: Context): boolean {
  return askedBy === principal.practitionerRole || (practitioner !== null && practitioner === principal.practitioner);
}

/** A second officer lets a file go, or not. @throws Outcome 404, 409 by the person who asked, or decided already */
export function answerExport(door: Door, context: Context, reference: string, approve: boolean): Promise<void> {
  const word = approve ? 'export-approve' : 'export-refuse';
  const entry = deskEntry(context, `${word} ${reference.slice(0, 20)}`, { rules: ['R-38'] });
  return onDesk(door, context, entry, async () => {
    const found = await exportByReference(door.pool, reference);
    if (found === null) throw refuse(404, 'not-found', 'There is no such request.');
    if (isSame(found, context)) throw refuse(409, 'business-rule', 'A second officer decides about a file this large.');
    await inTransaction(door.pool, async (client) => {
      const by = { party: officerOf(context), name: context.principal.name, at: context.now, approve };
      if (!(await decideExport(client, reference, by))) throw refuse(409, 'conflict', 'It has been decided already.');
      await recordInside(client, entry);
    });
  });
}

/** The file of an approved request, for who asked, once. @throws Outcome 404, 409 when it is not there to be taken */
export async function takeApproved(door: Door, context: Context, reference: string): Promise<ExportFile> {
  const entry = deskEntry(context, `export-take ${reference.slice(0, 20)}`, { rules: ['R-38'] });
  const found = await onDesk(door, context, entry, async () => {
    // Before it is taken: a file that is asked for again with a fresh sign-in is still there.
    requireFreshSignIn(door, context);
    const one = await exportByReference(door.pool, reference);
    if (one === null || one.askedBy !== officerOf(context)) throw refuse(404, 'not-found', 'There is no such request.');
    const since = new Date(context.now.getTime() - HOURS * 3_600_000);
    if (!(await takeExport(door.pool, reference, officerOf(context), since)))
      throw refuse(409, 'business-rule', `A file is taken once, within ${HOURS} hours of its approval.`);
    return one;
  });
  const made = await makeFile(door, context, wantedIn(found.what), `${reference} by ${found.decidedName ?? ''}`);
  if ('people' in made) throw new Error('an approved file was not made');
  return made.file;
}

/** What `request` stored. @throws Error when it is anything else */
function wantedIn({ question, asked, period }: JsonObject): WantedFile {
  const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '');
  const instant = (value: Json | undefined): string | null => (typeof value === 'string' ? value : null);
  const id = isObject(question) ? QUESTIONS.find((one) => one.id === question.id)?.id : undefined;
  if (!isObject(question) || !isObject(asked) || id === undefined)
    throw new Error('a stored export request cannot be read');
  const { sample } = asked;
  return {
    question: {
      id,
      person: text(question.person),
      case: text(question.case),
      rule: text(question.rule),
      from: instant(question.from),
      until: instant(question.until),
    },
    period: text(period),
    asked: {
      format: asked.format === 'ndjson' ? 'ndjson' : 'csv',
      bom: asked.bom === true,
      reason: text(asked.reason),
      sample: isObject(sample) ? { size: Number(sample.size), seed: text(sample.seed) } : null,
    },
  };
}
