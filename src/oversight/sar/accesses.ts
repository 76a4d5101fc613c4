/**
 * The full list of who looked (Q14), as it leaves with a copy: person, service, time, purpose. A look at something that
 * does not leave is not in it, and nothing in it tells more than what leaves does: a list that named such a look
 * would betray what was left out. Work on a request is told once for each person and day, and its steps not at all: who
 * judged what, and how often, would betray what was held back.
 */
import { auditEntry } from '../../audit/entry.ts';
import type { AuditEntry, StoredAudit } from '../../audit/types.ts';
import { londonDate } from '../../fhir/london.ts';
import type { Door } from '../../record/types.ts';
import { accessRows, directoryNames } from '../../store/models/access-record.ts';
import { sealDurable } from '../../store/seal.ts';
import type { Leaving } from './cut.ts';

export interface AccessLine {
  /** ISO UTC. */
  at: string;
  who: string;
  role: string | null;
  service: string | null;
  purpose: string | null;
  /** Types of what was opened and leaves. */
  types: string[];
  /** Work on a request for a record. */
  isWork: boolean;
}

/** Records of the trail looked through at most, newest first. */
const MOST = 20_000;
const STRETCH = 1_000;
const OPENING: readonly AuditEntry['interaction'][] = [
  ...(['read', 'vread', 'search-type', 'search-system', 'history-instance', 'history-type', 'operation'] as const),
];

/** @param until the moment of the release: a list made again later is the same. `more`: there are older ones */
export async function accessLines(
  door: Door,
  subject: string,
  until: Date,
  leaving: Leaving,
): Promise<{ lines: AccessLine[]; more: boolean }> {
  await sealDurable(door.pool);
  const lines: AccessLine[] = [];
  let before: number | null = null;
  for (let seen = 0; seen < MOST; seen += STRETCH) {
    const scope = { family: [subject], from: null, until: until.toISOString(), party: null };
    const rows: StoredAudit[] = await accessRows(door.pool, { ...scope, before, limit: STRETCH });
    lines.push(...rows.flatMap((row) => lineOf(row, leaving) ?? []));
    if (rows.length < STRETCH) return { lines: await named(door, lines), more: false };
    before = rows.at(-1)?.seq ?? null;
  }
  return { lines: await named(door, lines), more: true };
}

function lineOf(row: StoredAudit, { released }: Leaving): AccessLine | null {
  const { at, agent, interaction, outcome, entities, purpose, detail } = auditEntry(row);
  if (outcome !== 0 || !OPENING.includes(interaction)) return null;
  const things = entities.flatMap((one) => /^[A-Z][A-Za-z]+\/[^/]+/.exec(one)?.[0] ?? []);
  const hers = things.filter((one) => released.has(one));
  // What was opened and does not leave, or is nobody's of hers: no word of it.
  if (things.length > 0 && hers.length === 0) return null;
  const isWork = detail !== null && /^sar[ -]/.test(detail);
  if (isWork && hers.length === 0) return null;
  const who = agent.kind === 'family' ? 'You or your family' : (agent.name ?? agent.clientId ?? '');
  const types = [...new Set(hers.map((one) => one.slice(0, one.indexOf('/'))))].sort();
  return { at, who, role: agent.role, service: agent.service, purpose, types, isWork };
}

async function named(door: Door, lines: AccessLine[]): Promise<AccessLine[]> {
  const services = [...new Set(lines.flatMap(({ service }) => service ?? []))];
  const names = await directoryNames(door.pool, services);
  return together(lines).map((line) => ({
    ...line,
    service: line.service === null ? null : (names.get(line.service) ?? null),
  }));
}

/** One line for each person and London day of work on requests; every other look is a line of its own. Newest first. */
function together(lines: readonly AccessLine[]): AccessLine[] {
  const work = new Map<string, AccessLine>();
  const kept: AccessLine[] = [];
  for (const line of lines) {
    const key = [londonDate(line.at), line.who, line.role, line.service].join('\n');
    const before = line.isWork ? work.get(key) : undefined;
    if (before !== undefined) {
      before.types = [...new Set([...before.types, ...line.types])].sort();
      continue;
    }
    const own = { ...line };
    if (line.isWork) work.set(key, own);
    kept.push(own);
  }
  return kept;
}
