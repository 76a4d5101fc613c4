/**
 * What was read, for a Caldicott Guardian inside a case when the decision needs it: the versions that one record of
 * the trail shows, of this family alone. Very restricted records stay with the people named for them.
 */
import { auditEntry } from '../audit/entry.ts';
import { refuse } from '../fhir/outcome.ts';
import { cellOf } from '../governance/role-views.ts';
import { reach } from '../record/decide.ts';
import { withRows } from '../record/entry.ts';
import type { Context, Door } from '../record/types.ts';
import { readAudit } from '../store/audit-query.ts';
import { type CaseFile, changeCase } from '../store/models/cases.ts';
import { readVersion } from '../store/reads.ts';
import type { ResourceRow } from '../store/rows.ts';
import { inTransaction } from '../store/transaction.ts';
import { addLine } from './case-steps.ts';
import { openTo } from './cases.ts';
import { deskEntry, onDesk, recordInside } from './officer.ts';

export interface CaseContent {
  type: string;
  version: number;
  label: string;
  /** The resource as JSON text. */
  text: string;
}

export interface ContentAsked {
  /** Number of the record of the trail. */
  record: number;
  words: string;
}

const MOST = 20;

/** @throws Outcome 403 for everyone but a Guardian, 404 no such record about this family, 409 the case is not worked on */
export function caseContent(
  door: Door,
  context: Context,
  reference: string,
  asked: ContentAsked,
): Promise<CaseContent[]> {
  const detail = `case-content ${reference.slice(0, 20)} ${asked.record}; reason: ${asked.words.slice(0, 300)}`;
  const entry = deskEntry(context, detail);
  return onDesk(door, context, entry, async (own) => {
    const file = await openTo(door, context, { entry, own }, reference);
    if (context.principal.role !== 'caldicott-guardian')
      throw refuse(403, 'forbidden', 'Only a Caldicott Guardian sees content, inside a case (R-26)');
    if (file.state === 'new' || file.state === 'closed')
      throw refuse(409, 'business-rule', `This is not possible while the case is ${file.state}.`);
    const rows = await rowsOf(door, context, file, asked.record);
    if (rows.length === 0)
      throw refuse(404, 'not-found', 'This record shows nothing of this family that may be seen here.');
    await inTransaction(door.pool, async (client) => {
      if (!(await changeCase(client, file, {}))) throw refuse(409, 'conflict', 'A colleague has changed this case.');
      const what = rows.map(({ type, version }) => `${type} version ${version}`).join(', ');
      await addLine(client, context, file.id, {
        kind: 'content',
        words: `Record ${asked.record} (${what}): ${asked.words}`,
      });
      await recordInside(client, withRows({ ...entry, rules: ['R-26'] }, rows));
    });
    return rows.map(({ type, version, label, body }) => ({ type, version, label, text: pretty(body) }));
  });
}

async function rowsOf(door: Door, context: Context, file: CaseFile, seq: number): Promise<ResourceRow[]> {
  const stored = await readAudit(door.pool, seq);
  if (stored === null) return [];
  const rows: ResourceRow[] = [];
  for (const one of auditEntry(stored).entities.slice(0, MOST)) {
    const [type = '', id = '', , version = ''] = one.split('/');
    if (!/^[1-9]\d*$/.test(version)) continue;
    const { found } = await readVersion(door.pool, { type, id, version: Number(version) }, reach(context));
    if (found !== null && mayShow(found.row, file)) rows.push(found.row);
  }
  return rows;
}

/** Of this family, within the Guardian's cells of 5.3, and not very restricted. */
function mayShow(row: ResourceRow, file: CaseFile): boolean {
  const isTheirs = [...row.patients, ...row.subjects].some((one) => file.patients.includes(one));
  const isInCase = ['case', 'full'].includes(cellOf('caldicott-guardian', row.dataClass).view);
  return isTheirs && isInCase && row.label !== 'V' && row.body !== null;
}

function pretty(body: string | null): string {
  return JSON.stringify(JSON.parse(body ?? '{}'), null, 2);
}
