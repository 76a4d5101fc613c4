/** The teams of those who wrote an assessment together: its working copy is for both, whoever wrote it down. */
import { authorsOf, practitionersOfVisit } from '../governance/authorship.ts';
import { classOf } from '../governance/data-classes.ts';
import { placeOf } from '../governance/duty.ts';
import { isTo, type Lookup, unique } from '../governance/elements.ts';
import type { DataClass } from '../governance/types.ts';
import type { Db } from '../store/reads.ts';
import { readStanding } from '../store/standing.ts';
import type { Change } from './plan.ts';
import type { Context } from './types.ts';

/** 5.3: what the authors' teams alone read, whole or in part. */
const WRITTEN_BY_A_TEAM: readonly DataClass[] = ['working-copy', 'confidential'];

export type TeamsOf = (party: string) => readonly string[];

/**
 * Teams as they stand at this write: the writer's own, and those of the other practitioners. Asked once for each of them,
 * when she becomes an author: a draft saved again asks nothing.
 */
export async function teamsOfAuthors(
  db: Db,
  context: Context,
  changes: readonly Change[],
  lookup: Lookup,
): Promise<TeamsOf> {
  const { principal, now } = context;
  const known = new Map<string, readonly string[]>();
  for (const party of unique(changes.flatMap((change) => othersOf(context, change, lookup)))) {
    const { directory } = await readStanding(db, party, '');
    known.set(party, placeOf(party, directory, now).teams);
  }
  return (party) => (principal.parties.includes(party) ? principal.teams : (known.get(party) ?? []));
}

/** The practitioners of the visit; whom a loading client names, too. A person who names a colleague opens no team by it. */
function othersOf({ principal }: Context, { document, current }: Change, lookup: Lookup): string[] {
  if (document?.resource.resourceType !== 'QuestionnaireResponse') return [];
  const { resource } = document;
  if (!WRITTEN_BY_A_TEAM.includes(classOf(resource, lookup))) return [];
  const named = principal.kind === 'system' ? authorsOf(resource, []) : [];
  return [...practitionersOfVisit(resource, lookup), ...named].filter(
    (one) =>
      isTo(one, 'PractitionerRole') && !principal.parties.includes(one) && current?.row.authors.includes(one) !== true,
  );
}
