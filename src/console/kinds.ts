/** The kinds an officer tells accesses apart by (Q3 of domain.md 6.2). */
import type { AccessEvent, AccessTally } from '../oversight/ask-access-record.ts';

/**
 * `explained`: opened by somebody with a personal explanation, or by the family itself; `unexplained`: opened, permitted
 * by team alone: what officers review; `other`: lists and changes by staff, where no explanation is worked out; `sync`:
 * systems; `check`: governance; `refused`: refused or failed.
 */
export type AccessKind = 'explained' | 'unexplained' | 'other' | 'sync' | 'check' | 'refused';

/** In the order of the picture, bottom first. */
export const KINDS: readonly { kind: AccessKind; words: string }[] = [
  { kind: 'explained', words: 'Personally explained' },
  { kind: 'unexplained', words: 'Not personally explained' },
  { kind: 'other', words: 'Lists and changes by staff' },
  { kind: 'sync', words: 'Synchronisation' },
  { kind: 'check', words: 'Governance checks' },
  { kind: 'refused', words: 'Refused or failed' },
];

const GOVERNANCE: readonly (string | null)[] = ['ig-officer', 'caldicott-guardian', 'sar-officer'];
/** Interactions that open something, for which decisions carry a personal explanation. */
const OPENING: readonly string[] = ['read', 'vread', 'history-instance', 'operation'];

/** The kind of a number of requests, or of one. */
export function kindOf(
  access: Pick<AccessTally, 'kind' | 'role' | 'failed' | 'interaction' | 'explanation'>,
): AccessKind {
  if (access.failed) return 'refused';
  if (access.kind === 'system' || access.kind === 'internal') return 'sync';
  if (access.kind === 'family' || access.explanation !== null) return 'explained';
  if (GOVERNANCE.includes(access.role)) return 'check';
  return OPENING.includes(access.interaction) ? 'unexplained' : 'other';
}

/** The kind of one event: what was opened decides over what was listed in the same request. */
export function kindOfEvent(event: AccessEvent): AccessKind {
  const interaction = event.interactions.find((one) => OPENING.includes(one)) ?? event.interactions[0] ?? 'read';
  const { agent, explanation, outcome } = event;
  return kindOf({ kind: agent.kind, role: agent.role, failed: outcome !== 0, interaction, explanation });
}
