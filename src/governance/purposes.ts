/** Purpose of use: what each role may ask for, and what stands when it says nothing. */
import { isClinical, mayBreakGlass } from './standing.ts';
import type { Principal, Purpose, Role } from './types.ts';

export const PURPOSES: readonly Purpose[] = [
  'TREAT',
  'ETREAT',
  'BTG',
  'COC',
  'CAREMGT',
  'PATADMIN',
  'PUBHLTH',
  'HQUALIMP',
  'PATRQT',
  'HLEGAL',
  'HSYSADMIN',
  'HTEST',
];

const OFFICER: readonly Purpose[] = ['HLEGAL', 'HQUALIMP', 'PATRQT'];

/** R-03 by role, beside the clinical roles. Under PATADMIN an admin sees only the classes of her own cells. */
const OTHER: Readonly<Partial<Record<Role, readonly Purpose[]>>> = {
  admin: ['PATADMIN', 'CAREMGT'],
  'service-lead': ['HQUALIMP', 'PUBHLTH'],
  'ig-officer': [...OFFICER, 'HSYSADMIN'],
  'caldicott-guardian': OFFICER,
  'sar-officer': ['HLEGAL', 'PATRQT'],
  mother: ['PATRQT'],
  partner: ['PATRQT'],
  system: ['COC'],
  sysadmin: ['HSYSADMIN'],
  steward: PURPOSES,
};

/** A v3-ActReason code as a purpose of ours, or null. */
export function purposeOf(code: string): Purpose | null {
  return PURPOSES.find((one) => one === code) ?? null;
}

/** what stands when nothing is declared: TREAT for clinicians, PATADMIN for admin, COC for systems, else null. */
export function usualPurpose(principal: Principal): Purpose | null {
  if (principal.kind === 'system') return 'COC';
  if (isClinical(principal.role)) return 'TREAT';
  return principal.role === 'admin' ? 'PATADMIN' : null;
}

/** whether a role may ask for this purpose at all. HTEST is judged by R-48. */
export function mayAskFor(role: Role, purpose: Purpose): boolean {
  if (purpose === 'HTEST') return true;
  if (purpose === 'BTG') return role === 'steward' || mayBreakGlass(role);
  if (isClinical(role))
    return purpose === 'TREAT' || purpose === 'ETREAT' || purpose === 'COC' || purpose === 'CAREMGT';
  return OTHER[role]?.includes(purpose) === true;
}
