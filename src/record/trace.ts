/**
 * Patient/$trace: one person by NHS number and date of birth, exactly. Who may not see her learns that she is here
 * and how to ask; of a record that nobody opens for herself only whom to call.
 */
import { refuse } from '../fhir/outcome.ts';
import { decide } from '../governance/decide.ts';
import { gate } from '../governance/gates.ts';
import { isClinical } from '../governance/standing.ts';
import { fold } from '../search/fold.ts';
import { countTrace } from '../store/access-grants.ts';
import { readByNumber } from '../store/people.ts';
import type { DecidableRow } from '../store/rows.ts';
import { ask, parseStored, reach } from './decide.ts';
import { entryOf, withRows } from './entry.ts';
import { handleOf } from './handles.ts';
import { audited, refused, unknown } from './refusal.ts';
import type { Context, Door } from './types.ts';

export interface TraceAsk {
  /** Ten digits, spaces allowed. */
  nhsNumber: string;
  /** `YYYY-MM-DD`. */
  birthDate: string;
  family: string | null;
}

/** domain.md 2.8 `trace-result`, with what goes with it. */
export type TraceResult =
  | { code: 'no-match' }
  | { code: 'match-permitted'; patient: string }
  | { code: 'match-restricted'; handle: string }
  | { code: 'contact-safeguarding'; contact: string };

/** In a quarter of an hour. Booking clinics work through lists; a person at a desk does not. */
export const MOST_TRACES = { person: 30, system: 600 };
const NHS_NUMBER = 'https://fhir.nhs.uk/Id/nhs-number';
/** A care team's mark on a woman whose very presence is not to be confirmed; V says it for everybody. */
const NO_DISCLOSURE = 'NODSCLCD';

/** One trace, recorded whatever comes out. @throws Outcome 403 role, 404 for families, 429 too many */
export function trace(door: Door, context: Context, asked: TraceAsk): Promise<TraceResult> {
  const entry = { ...entryOf(context, 'operation'), detail: '$trace', rules: ['R-50'] };
  return audited(door, entry, async () => {
    await requireTracer(door, context);
    const { principal, now } = context;
    const caller = principal.practitionerRole ?? principal.clientId;
    const made = await countTrace(door.pool, caller, now);
    if (made > MOST_TRACES[principal.kind === 'system' ? 'system' : 'person'])
      throw refuse(429, 'throttled', 'Too many traces in a quarter of an hour (R-50); wait, or ask your service lead');
    const found = await findPerson(door, context, asked);
    const result = found === null ? { code: 'no-match' as const } : traceResult(door, context, found);
    const seen = found === null ? entry : withRows(entry, [found.row]);
    await door.audit.write({ ...seen, detail: `$trace:${result.code}` });
    return result;
  });
}

async function requireTracer(door: Door, context: Context): Promise<void> {
  const { principal } = context;
  const closed = gate(principal, ask(door, context, 'search', 'Patient'));
  const entry = { ...entryOf(context, 'operation'), detail: '$trace' };
  if (closed !== null) throw await refused(door, entry, closed);
  if (principal.kind === 'system' || isClinical(principal.role)) return;
  if (principal.kind === 'family') throw unknown();
  throw refuse(403, 'forbidden', 'Tracing is for clinical roles and booking systems (R-50)');
}

/** The one live Patient of that number, date of birth and (when given) family name; null when any of them differs. */
export async function findPerson(door: Door, context: Context, asked: TraceAsk): Promise<DecidableRow | null> {
  const token = `${NHS_NUMBER}|${asked.nhsNumber.replaceAll(' ', '')}`;
  const rows = await readByNumber(door.pool, token, reach(context));
  const matches = rows.filter(({ row }) => row.body !== null && isSame(row.body, asked));
  // A duplicate that is in sight is the useful one; the strictest of the others decides what is said.
  const visible = matches.find((one) => isVisible(door, context, one));
  return visible ?? matches.toSorted((a, b) => b.row.label.localeCompare(a.row.label))[0] ?? null;
}

function isSame(body: string, asked: TraceAsk): boolean {
  const { resource } = parseStored(body);
  if (resource.birthDate !== asked.birthDate) return false;
  if (asked.family === null) return true;
  const wanted = fold(asked.family);
  const names = Array.isArray(resource.name) ? resource.name : [];
  return names.some(
    (name) => typeof name === 'object' && name !== null && 'family' in name && fold(String(name.family)) === wanted,
  );
}

function isVisible(door: Door, context: Context, found: DecidableRow): boolean {
  return decide(context.principal, ask(door, context, 'read', 'Patient'), { ...found, now: context.now }).permit;
}

/** What somebody may learn about a person who is here. */
export function traceResult(door: Door, context: Context, found: DecidableRow): TraceResult {
  const patient = `Patient/${found.row.id}`;
  if (isVisible(door, context, found)) return { code: 'match-permitted', patient };
  if (isUntold(found)) return { code: 'contact-safeguarding', contact: door.safeguardingContact };
  return {
    code: 'match-restricted',
    handle: handleOf(door, { service: context.principal.service ?? null, now: context.now }, { patient, traced: true }),
  };
}

/** V, by label or sealed, and what its care team marked so under restricted demographics. */
export function isUntold({ row, consents }: Pick<DecidableRow, 'row' | 'consents'>): boolean {
  return row.label === 'V' || row.tags.includes(NO_DISCLOSURE) || consents.some(({ kind }) => kind === 'sealed');
}
