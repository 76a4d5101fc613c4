/** What hangs on a role, put there and looked for: for the tests of leavers and movers. */
import type { Resource } from '../../src/fhir/types.ts';
import { openPool } from '../../src/store/pool.ts';
import type { Service } from '../harness/service.ts';

const DAY = 86_400_000;
const CANON = 'https://tandem.example/fhir';

/** A duty list of hers with a time that runs and one to come. */
export function dutyOf(id: string, team: string, status = 'busy'): Resource[] {
  const extension = [{ url: `${CANON}/StructureDefinition/duty-team`, valueReference: { reference: team } }];
  const slot = (name: string, from: number): Resource => ({
    resourceType: 'Slot',
    id: `${id}-${name}`,
    extension,
    schedule: { reference: `Schedule/${id}` },
    status,
    start: new Date(Date.now() + from).toISOString(),
    end: new Date(Date.now() + from + DAY).toISOString(),
  });
  const actor = [{ reference: `PractitionerRole/${id}` }];
  return [{ resourceType: 'Schedule', id, extension, actor }, slot('now', -3_600_000), slot('later', 2 * DAY)];
}

/** A grant, a place on a named list, a proposal that waits and a key of her own. */
export async function openedFor(service: Service, role: string): Promise<void> {
  const owner = openPool(service.database.ownerUrl, 1);
  const soon = new Date(Date.now() + DAY);
  const insert = (text: string, more: unknown[] = []) => owner.query(text, [role, ...more]);
  try {
    await insert(
      `insert into access_grant (id, kind, patient, holder, given_by, reason, words, at, until_at)
        values ('g-' || $1, 'self-claim', 'Patient/other', $1, $1, 'r', 'w', now(), $2)`,
      [soon],
    );
    for (const [source, kind] of [
      [`grant:g-${role}`, 'self-claim'],
      [`named:${role}`, 'named'],
    ])
      await insert(
        `insert into relationship (source, party, patient, kind, until_at) values ($2, $1, 'Patient/other', $3, $4)`,
        [source, kind, soon],
      );
    await insert(
      `insert into named_person (id, list, patient, holder, proposed_by, confirmed_by, words, at, from_at, until_at)
        values ('n-' || $1, 'V', 'Patient/other', $1, 'a', 'b', 'w', now(), now(), $2)`,
      [soon],
    );
    await insert(
      `insert into pending_change (id, proposer, at, words, body) values ('p-' || $1, $1, now(), 'why', '{}')`,
    );
    await insert(
      `insert into case_file (reference, opened_by, reason, patients, parties, state, assigned_to, review_due)
        values ('CASE-' || $1, $1, 'r', '{}', '{}', 'assigned', $1, current_date)`,
    );
    await insert(
      `insert into client (client_id, name, org, scopes, introspects, person) values ('c-' || $1, 'hers', 'Organization/x', '{}', false, $1)`,
    );
  } finally {
    await owner.end();
  }
}

export const NOTHING_LEFT = { opened: 0, named: 0, grants: 0, keys: 0, proposals: 0, teams: 0, duty: 0 };

/** How much of it goes on. */
export async function endedIn(service: Service, role: string): Promise<typeof NOTHING_LEFT> {
  const { rows } = await service.pool.query<typeof NOTHING_LEFT>(
    `select
      (select count(*)::int from relationship where party = $1 and until_at > now() and source like 'grant:%') as opened,
      (select count(*)::int from relationship where party = $1 and kind = 'named')
        + (select count(*)::int from named_person where holder = $1 and ended_at is null) as named,
      (select count(*)::int from access_grant where holder = $1 and ended_at is null) as grants,
      (select count(*)::int from client where person = $1 and ended is null) as keys,
      (select count(*)::int from pending_change where proposer = $1 and confirmed_at is null and withdrawn_at is null) as proposals,
      (select count(*)::int from directory where member = $1 and entry ->> 'kind' = 'membership'
        and coalesce((entry ->> 'until')::timestamptz, 'infinity') > now()) as teams,
      (select count(*)::int from directory d join directory s on s.member = d.entry ->> 'schedule'
        where d.member = $1 and d.entry ->> 'kind' = 'duty' and s.entry ->> 'kind' = 'duty-slot'
        and (s.entry ->> 'until')::timestamptz > now()) as duty`,
    [role],
  );
  const [found] = rows;
  if (found === undefined) throw new Error('a count has one row');
  return found;
}

/** Waits for a condition, at most ten seconds. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 10_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error('it did not come about');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
