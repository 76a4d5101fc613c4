/** Whether a changed agreement only narrows, and whether it can stand beside the others. */
import { Outcome, type OutcomeIssue } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import { contradiction, widens } from '../governance/agreement-changes.ts';
import { agreementsOf } from '../governance/agreements.ts';
import { claims } from '../governance/elements.ts';
import { SHARING_AGREEMENT } from '../governance/vocabulary.ts';
import { allAgreements } from '../store/models/agreements.ts';
import type { Db } from '../store/reads.ts';

/** True when the agreement afterwards permits less and nothing else; other words of it may not change along the way. */
export function onlyNarrows(before: Resource, after: Resource): boolean {
  if (!claims(before, SHARING_AGREEMENT) || !claims(after, SHARING_AGREEMENT)) return false;
  const [was, is] = [agreementsOf(before), agreementsOf(after)];
  return widens(is, was) && !widens(was, is) && wordsOf(before) === wordsOf(after);
}

/** What an agreement says beside its clauses, dates and status. */
function wordsOf({ status: _s, applies: _a, term: _t, meta: _m, text: _x, ...words }: Resource): string {
  return JSON.stringify(Object.entries(words).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * @throws Outcome 422 naming each clause that contradicts another agreement in force, and when all of it is over already:
 * such a paper would lock out whom it was made for
 */
export async function requireSound(db: Db, resource: Resource, now: Date): Promise<void> {
  if (!claims(resource, SHARING_AGREEMENT)) return;
  const source = `Contract/${resource.id ?? 'new'}`;
  const rows = agreementsOf({ ...resource, id: resource.id ?? 'new' }).filter((row) => !row.revoked);
  if (rows.length === 0) return;
  const over = rows.every(({ until }) => until !== null && Date.parse(until) <= now.getTime());
  const others = (await allAgreements(db)).filter((one) => one.source !== source);
  const issues = rows.flatMap((row, i): OutcomeIssue[] => {
    const against = contradiction(row, others);
    return against === null ? [] : [issue(contradictionWords(row.maxLabel, against), `Contract.term[${i}]`)];
  });
  if (over) issues.push(issue('All of it has ended already: revoke it, or give it an end to come', 'Contract.applies'));
  if (issues.length > 0) throw new Outcome(422, issues);
}

function contradictionWords(label: string, against: { source: string; maxLabel: string }): string {
  return `It contradicts ${against.source}: the same data for the same purpose up to ${label} here and up to ${against.maxLabel} there. Change or revoke that one first`;
}

function issue(diagnostics: string, expression: string): OutcomeIssue {
  return { severity: 'error', code: 'business-rule', diagnostics, expression };
}
