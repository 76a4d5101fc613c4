/**
 * Release and copies (R-28, R-38): what two people agreed on becomes a FHIR Bundle and a tagged PDF, made anew from the
 * same versions and decisions each time, so that no copy of a record lies about here. Nothing leaves while a point is
 * open; the database checks that, not this file.
 */
import { createHash } from 'node:crypto';
import { refuse } from '../../fhir/outcome.ts';
import type { Context, Door } from '../../record/types.ts';
import { insertRelease, openPoints, releasedAt, sarLines } from '../../store/models/sar-jobs.ts';
import { inTransaction } from '../../store/transaction.ts';
import { isSqlState } from '../../store/write.ts';
import { recordInside } from '../officer.ts';
import { inside, personOf, step } from './bench.ts';
import { clockIn } from './clock.ts';
import { type Copies, copiesOf, filesThatLeave, requireFilesSeen } from './copies.ts';
import { letterOf, type News, newsOf } from './letter.ts';
import { pdfBeside } from './pdf-beside.ts';
import { dateWords } from './readable.ts';
import { keepStanding, requireSeen, strictnessOf } from './standing.ts';

/** Lets it leave. @throws Outcome 409 while a point is open or a text names what does not leave */
export function release(door: Door, context: Context, asked: { reference: string; version: number }): Promise<void> {
  return inside(door, context, { reference: asked.reference, act: 'release' }, async (found, entry) => {
    const job = { ...found, version: asked.version };
    const open = await openPoints(door.pool, job.id);
    if (open.length > 0) throw notYet(open.map(({ point }) => point).join(' '));
    const { party, name, person } = personOf(context);
    const strict = await strictnessOf(door.pool, job.id);
    await requireFilesSeen(door, job, await copiesOf(door, context, job, { at: context.now, strict }));
    const change = { ended: context.now, ending: 'released' as const };
    try {
      await step(door, context, { job, entry, change }, { kind: 'release', words: '' }, async (client) => {
        await insertRelease(client, job.id, { at: context.now, party, name, person });
        await keepStanding(client, job.id, { at: context.now, party });
      });
    } catch (error) {
      if (isSqlState(error, 'TDS04')) throw notYet(error.message);
      throw error;
    }
  });
}

function notYet(points: string) {
  return refuse(409, 'business-rule', `Nothing leaves yet; open: ${points} (R-28)`);
}

export interface CopyFile {
  name: string;
  type: string;
  bytes: Buffer;
}

/** One of the copies, recorded as a disclosure before the first byte. @throws Outcome 409 before the release */
export function copyFile(
  door: Door,
  context: Context,
  asked: { reference: string; kind: 'pdf' | 'fhir' },
): Promise<CopyFile> {
  return inside(door, context, { reference: asked.reference, act: 'copy' }, async (job, entry) => {
    const at = await releasedAt(door.pool, job.id);
    if (at === null) throw refuse(409, 'business-rule', 'Nothing has been released yet.');
    const strict = await requireSeen(door.pool, job.id);
    const copies = await copiesOf(door, context, job, { at, strict });
    const { name } = context.principal;
    const letter = {
      ...letterOf(job, copies, at),
      files: filesThatLeave(copies.resources),
      foot: `${job.reference}, saved by ${name}, ${dateWords(context.now.toISOString())}`,
    };
    const bytes = asked.kind === 'fhir' ? Buffer.from(bundleOf(door, copies, at)) : await pdfBeside(letter);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const { party } = personOf(context);
    await inTransaction(door.pool, (client) =>
      recordInside(client, {
        ...entry,
        interaction: 'disclosure',
        action: 'R',
        rules: ['R-28', 'R-38'],
        recipient: `${party} ${context.address ?? ''}`.trim(),
        detail: `${entry.detail} ${asked.kind} sha256:${sha256}`,
      }),
    );
    const type = asked.kind === 'fhir' ? 'application/fhir+json; charset=utf-8' : 'application/pdf';
    return { name: `${job.reference}.${asked.kind === 'fhir' ? 'json' : 'pdf'}`, type, bytes };
  });
}

/** The letter about an extension, a question or a refusal, recorded as a disclosure. @throws Outcome 404 no such step */
export function newsFile(door: Door, context: Context, asked: { reference: string; kind: News }): Promise<CopyFile> {
  return inside(door, context, { reference: asked.reference, act: 'copy' }, async (job, entry) => {
    const lines = await sarLines(door.pool, job.id);
    const said = lines.findLast(({ kind }) => kind === asked.kind);
    if (said === undefined) throw refuse(404, 'not-found', 'There is no such step in this request.');
    const { due } = clockIn(job, lines, context.now);
    const letter = newsOf(job, { kind: asked.kind, words: said.words, at: new Date(said.at), due });
    const bytes = await pdfBeside(letter);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const told = { interaction: 'disclosure' as const, action: 'R' as const, recipient: 'the requester' };
    await door.audit.write({ ...entry, ...told, detail: `${entry.detail} ${asked.kind} sha256:${sha256}` });
    return { name: `${job.reference}-${asked.kind}.pdf`, type: 'application/pdf', bytes };
  });
}

function bundleOf(door: Door, { resources, texts }: Copies, at: Date): string {
  const entries = texts.map((text, i) => {
    const { resourceType, id } = resources[i] ?? { resourceType: '' };
    return `{"fullUrl":${JSON.stringify(`${door.base}/${resourceType}/${id}`)},"resource":${text}}`;
  });
  return `{"resourceType":"Bundle","type":"collection","timestamp":"${at.toISOString()}","entry":[${entries.join(',')}]}`;
}
