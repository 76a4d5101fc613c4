/** What officers read on their desk: today, alerts, cases, unexplained accesses. No family is named outside a case. */
import { ALERT_RULES } from '../audit/alert-rules.ts';
import { auditEntry } from '../audit/entry.ts';
import type { Role } from '../governance/types.ts';
import type { Context, Door } from '../record/types.ts';
import { type AlertRow, alertsOf, type MarkedAccess, markedAccesses } from '../store/models/alerts.ts';
import { type CaseFile, casesOf } from '../store/models/cases.ts';
import { deskEntry, isAbout, onDesk, withoutInterests } from './officer.ts';

export interface AlertQuestion {
  mode: 'live' | 'observe';
  state: 'open' | 'all';
  rule: string | null;
  before: number | null;
}

const ALERTS_PER_PAGE = 25;

/** The alert rules as pages name them. */
export function alertRules(): { id: string; words: string }[] {
  return ALERT_RULES.map(({ id, words }) => ({ id, words }));
}

/** A page of alerts, newest first, without the people they are about; one about the officer or a record she has an interest in is left out. */
export function readAlerts(
  door: Door,
  context: Context,
  question: AlertQuestion,
): Promise<{ alerts: Omit<AlertRow, 'patient'>[]; next: number | null }> {
  const entry = deskEntry(context, 'alerts');
  return onDesk(door, context, entry, async (own) => {
    const rows = await alertsOf(door.pool, { ...question, limit: ALERTS_PER_PAGE + 1 });
    await door.audit.write({ ...entry, query: { ...door.auditQuery('', context.requestId), count: rows.length } });
    const page = rows.slice(0, ALERTS_PER_PAGE);
    const open = await withoutInterests(door, context, own, { rows: page, about: ({ patient }) => [patient] });
    const alerts = open.flatMap(({ patient: _, ...row }) => (isAbout(own, [row.party]) ? [] : [row]));
    return { alerts, next: rows.length > ALERTS_PER_PAGE ? (page.at(-1)?.id ?? null) : null };
  });
}

const CASES_SHOWN = 100;

/** Cases, those due first; one about the officer herself, or about a record she has an interest in, is left out. */
export function readCases(door: Door, context: Context): Promise<CaseFile[]> {
  const entry = deskEntry(context, 'cases');
  return onDesk(door, context, entry, async (own) => {
    const files = await casesOf(door.pool, CASES_SHOWN);
    await door.audit.write(entry);
    const open = await withoutInterests(door, context, own, { rows: files, about: ({ patients }) => patients });
    return open.filter(({ parties }) => !isAbout(own, parties));
  });
}

/** Kinds of access officers may ask for (Q3, Q5, Q6, Q8, Q9). */
export const MARKED_KINDS = [
  'unexplained',
  'R',
  'V',
  's-flag',
  'EMP',
  'CEL',
  'after-relationship',
  'same-surname',
  'same-address',
  'own-record',
  'colleague',
  'neighbour',
  'after-death',
  'after-loss',
  'new-place',
  'out-of-hours',
] as const;
export type MarkedKind = (typeof MARKED_KINDS)[number];

export interface MarkedEvent {
  seq: number;
  at: Date;
  name: string;
  role: Role | null;
  interaction: ReturnType<typeof auditEntry>['interaction'];
  types: string[];
  label: string | null;
}

const ACCESSES_PER_PAGE = 25;

/** Accesses of one kind by anybody about anybody, newest first: who, when and what type; whose record stays out. */
export function readMarked(
  door: Door,
  context: Context,
  asked: { kind: MarkedKind; before: number | null },
): Promise<{ events: MarkedEvent[]; next: number | null }> {
  const entry = deskEntry(context, `accesses ${asked.kind}`);
  return onDesk(door, context, entry, async (own) => {
    const rows = await markedAccesses(door.pool, { ...asked, patients: null, limit: ACCESSES_PER_PAGE + 1 });
    await door.audit.write(entry);
    const page = rows.slice(0, ACCESSES_PER_PAGE);
    const open = await withoutInterests(door, context, own, { rows: page, about: ({ patients }) => patients });
    const events = open.flatMap((one): MarkedEvent[] => {
      return isAbout(own, [one.party]) ? [] : [markedEvent(one)];
    });
    return { events, next: rows.length > ACCESSES_PER_PAGE ? (page.at(-1)?.seq ?? null) : null };
  });
}

/** A marked access as officers see it: whose record it was stays out. */
export function markedEvent({ seq, at, name, body }: MarkedAccess): MarkedEvent {
  const { agent, interaction, entities, label } = auditEntry({ at: at.toISOString(), body, patients: [] });
  const types = [...new Set(entities.map((one) => one.split('/')[0] ?? ''))];
  return { seq, at, name: agent.name ?? name, role: agent.role, interaction, types, label };
}
