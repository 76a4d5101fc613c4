/** One sharing agreement as its register shows it: state at a moment, days left, clauses as rows. Pure. */
import type { Json, JsonObject, Resource } from '../fhir/types.ts';
import { agreementFaults, agreementsOf } from '../governance/agreements.ts';
import { LAPSE_DAYS } from '../governance/row-rules.ts';
import type { AgreementRow } from '../governance/types.ts';
import { CANON } from '../governance/vocabulary.ts';

/**
 * `not-yet`: begins later; `in-force`; `ending`: in force, its first clause ends within 60 days; `lapsed`: ended, reads by
 * people with a live relationship go on; `ended`; `revoked`; `draft`: its status puts nothing in force; `faulty`: says
 * nothing, because something in it contradicts itself.
 */
export type AgreementState = 'not-yet' | 'in-force' | 'ending' | 'lapsed' | 'ended' | 'revoked' | 'draft' | 'faulty';

export interface AgreementView {
  id: string;
  version: number;
  title: string;
  status: string;
  state: AgreementState;
  rows: AgreementRow[];
  /** The earliest end of a clause that is in force, else the latest end; ISO instants, null = open. */
  until: string | null;
  /** Whole days until then, rounded up; null = open or over. */
  daysLeft: number | null;
  lawfulBasis: string | null;
  retention: string | null;
  /** ISO instant of this version. */
  updated: string;
}

export const LAWFUL_BASIS = `${CANON}/StructureDefinition/agreement-lawful-basis`;
export const RETENTION = `${CANON}/StructureDefinition/agreement-retention`;
export const WARN_DAYS = 60;
const DAY = 86_400_000;

export function agreementView(resource: Resource, now: Date): AgreementView {
  const rows = agreementsOf(resource);
  const live = rows.filter((row) => !row.revoked);
  const until = endOf(live, now);
  const left = until === null ? null : Math.ceil((Date.parse(until) - now.getTime()) / DAY);
  return {
    id: resource.id ?? '',
    version: Number(resource.meta?.versionId ?? '0'),
    title: typeof resource.title === 'string' ? resource.title : 'Agreement without a title',
    status: typeof resource.status === 'string' ? resource.status : '',
    state: agreementFaults(resource).length > 0 ? 'faulty' : stateOf(rows, live, now),
    rows,
    until,
    daysLeft: left !== null && left > 0 ? left : null,
    lawfulBasis: textOf(resource, LAWFUL_BASIS),
    retention: textOf(resource, RETENTION),
    updated: resource.meta?.lastUpdated ?? now.toISOString(),
  };
}

const startOf = (row: AgreementRow): number => (row.from === null ? 0 : Date.parse(row.from));
const closeOf = (row: AgreementRow): number => (row.until === null ? Number.POSITIVE_INFINITY : Date.parse(row.until));

function endOf(live: readonly AgreementRow[], now: Date): string | null {
  const open = live.filter((row) => closeOf(row) > now.getTime());
  const ends = (open.length > 0 ? open : live).map(closeOf).filter(Number.isFinite);
  if (ends.length === 0) return null;
  return new Date(open.length > 0 ? Math.min(...ends) : Math.max(...ends)).toISOString();
}

function stateOf(rows: readonly AgreementRow[], live: readonly AgreementRow[], now: Date): AgreementState {
  if (rows.length === 0) return 'draft';
  if (live.length === 0) return 'revoked';
  const at = now.getTime();
  const current = live.filter((row) => startOf(row) <= at && at < closeOf(row));
  if (current.some((row) => closeOf(row) <= at + WARN_DAYS * DAY)) return 'ending';
  if (current.length > 0) return 'in-force';
  if (live.some((row) => startOf(row) > at)) return 'not-yet';
  return live.some((row) => at < closeOf(row) + LAPSE_DAYS * DAY) ? 'lapsed' : 'ended';
}

function textOf(resource: Resource, url: string): string | null {
  const list: Json = resource.extension ?? [];
  if (!Array.isArray(list)) return null;
  const found = list.find((one): one is JsonObject => isExtension(one, url));
  return typeof found?.valueString === 'string' ? found.valueString : null;
}

function isExtension(value: Json, url: string): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && value.url === url;
}
