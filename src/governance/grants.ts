/**
 * Access with a reason: what may be opened, by whom, for how long, and what the rules then read (R-07, R-13, R-16, R-18,
 * A grant opens nothing by itself: it is one relationship or consent row among the others, and every other rule
 * goes on deciding.
 */
import { londonDate, londonDayStart } from '../fhir/london.ts';
import { isClinical, isRegistered, mayBreakGlass } from './standing.ts';
import type { ConsentRow, Principal, Relationship, RelationshipKind, Role } from './types.ts';

export type GrantKind = 'break-glass' | 'emergency' | 'self-claim' | 'history' | 'unmask';

/** domain.md 2.8: `breakglass-reason`, `lr-reason`, `history-reason`. Unmasking has no list there: words alone. */
const BREAK_GLASS_REASONS = ['emergency', 'urgent-safeguarding', 'covering-colleague', 'other'];
export const GRANT_REASONS: Readonly<Record<GrantKind, readonly string[]>> = {
  'break-glass': BREAK_GLASS_REASONS,
  emergency: BREAK_GLASS_REASONS,
  'self-claim': ['transfer-in-progress', 'covering-colleague', 'duty-call'],
  history: ['past-loss', 'past-removal', 'clinical-history', 'other'],
  unmask: [],
};

/** Fewest characters of the reason in words: R-07 says 15; the others follow it. */
export const FEWEST_WORDS = 15;

/** The rule each kind stands under; the trail and the alerts know it by that. */
export const GRANT_RULE: Readonly<Record<GrantKind, string>> = {
  'break-glass': 'R-18',
  emergency: 'R-18',
  'self-claim': 'R-07',
  history: 'R-13',
  unmask: 'R-16',
};

/** Whether a role may open this kind at all: for herself, or (emergency) be given it by the safeguarding lead. */
export function mayOpen(role: Role, kind: GrantKind): boolean {
  if (kind === 'history') return isRegistered(role) || role === 'safeguarding';
  if (kind === 'unmask') return isClinical(role) && role !== 'student';
  return mayBreakGlass(role);
}

/** When a grant given now ends. */
export function grantEnd(kind: GrantKind, now: Date): Date {
  const minutes = (count: number) => new Date(now.getTime() + count * 60_000);
  switch (kind) {
    case 'break-glass':
    case 'emergency':
      return minutes(60);
    case 'self-claim':
    case 'history':
      return minutes(24 * 60);
    case 'unmask':
      // R-16 "with a reason that day".
      return new Date(londonDayStart(londonDate(minutes(24 * 60))));
  }
}

/** reviewed within five working days; days off other than weekends are not known here. Null = no review. */
export function reviewDue(kind: GrantKind, now: Date): Date | null {
  if (kind !== 'break-glass' && kind !== 'emergency') return null;
  let day = now;
  for (let left = 5; left > 0; ) {
    day = new Date(day.getTime() + 86_400_000);
    const weekday = new Date(`${londonDate(day)}T12:00:00Z`).getUTCDay();
    if (weekday !== 0 && weekday !== 6) left -= 1;
  }
  return day;
}

export interface GrantFacts {
  relationships: Relationship[];
  consents: ConsentRow[];
}

const KINDS: Readonly<Partial<Record<GrantKind, readonly RelationshipKind[]>>> = {
  'break-glass': ['break-glass'],
  emergency: ['break-glass', 'sealed-grant'],
  'self-claim': ['self-claim'],
  history: ['history'],
};

/** The rows a grant says to the rules. `pregnancy`: a claim covers the present one only. */
export function grantFacts(
  kind: GrantKind,
  grant: { id: string; patient: string; holder: string; pregnancy: string | null; at: Date; until: Date },
): GrantFacts {
  const { patient, holder } = grant;
  const common = { from: grant.at.toISOString(), until: grant.until.toISOString(), source: `grant:${grant.id}` };
  const pregnancy = kind === 'self-claim' ? grant.pregnancy : null;
  return {
    relationships: (KINDS[kind] ?? []).map((one) => ({
      ...common,
      party: holder,
      patient,
      pregnancy,
      kind: one,
      ending: null,
      scope: [],
    })),
    consents: kind === 'unmask' ? [{ ...common, kind: 'unmask', patient, party: holder, classes: [] }] : [],
  };
}

/** The person a grant is for; only people can hold one. */
export function holderOf(principal: Principal): string | null {
  return principal.kind === 'staff' ? (principal.practitionerRole ?? null) : null;
}
