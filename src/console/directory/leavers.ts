/** Ending a role, handing on what is left open, cover in two steps, and the report of joiners, movers and leavers. */

import { colleaguesOf } from '../../directory/colleagues.ts';
import { cover, enterCover } from '../../directory/cover.ts';
import { endEntry } from '../../directory/end-entry.ts';
import { labelOf, readDirectory, TYPES } from '../../directory/look-up.ts';
import { exportMovements, type Movement, movements } from '../../directory/movements.ts';
import { openWork, WORK_KINDS, type WorkKind } from '../../directory/open-work.ts';
import { MOST_ITEMS, reassign } from '../../directory/reassign.ts';
import { leaverOf } from '../../directory/who.ts';
import { Outcome } from '../../fhir/outcome.ts';
import type { Context } from '../../record/types.ts';
import type { FieldError } from '../access-form.ts';
import { message, type Page } from '../pages.ts';
import { shownDay, shownTime } from '../times.ts';
import type { Visit } from '../visit.ts';
import { roleWords } from '../words.ts';
import { kindOf } from './list.ts';

const WORK_WORDS: Readonly<Record<WorkKind, string>> = {
  tasks: 'Tasks',
  families: 'Families (care teams)',
  episodes: 'Episodes of care',
  referrals: 'Referrals',
  appointments: 'Appointments to come',
  drafts: 'Unfinished texts',
};

const roleIn = (visit: Visit): string => `PractitionerRole/${visit.look}`;
const WITH_A_PERSON = ['people', 'roles'];

export async function endPosted(visit: Visit, context: Context): Promise<Page> {
  const kind = kindOf(visit.params.get('kind'));
  const reference = `${TYPES[kind]}/${visit.look}`;
  const left = await endEntry(visit.deps.door, context, reference, (visit.form.get('reason') ?? '').trim());
  if (!WITH_A_PERSON.includes(kind))
    return message(200, 'It has ended', ['It means nothing any more from now on.'], {
      href: `/console/directory?kind=${kind}`,
      text: 'Go to the directory',
    });
  const lines = [
    `Ended with it: ${left.memberships} memberships of teams, ${left.duty} times of the duty list, ${left.grants} opened accesses, ${left.keys} keys of her own, ${left.proposals} proposals that waited, ${left.named} places on named lists, ${left.contacts} contacts in subscriptions.`,
    'Sessions and tokens are refused from now on. What is left open is handed on by the lead of the service.',
    ...(left.cases === 0 ? [] : [`Cases in her hands: ${left.cases}. They wait for another officer under Cases.`]),
  ];
  return message(200, kind === 'roles' ? 'The role has ended' : 'She has left', lines, {
    href: '/console/movements',
    text: 'See joiners, movers and leavers',
  });
}

export async function workPage(visit: Visit, context: Context): Promise<Page> {
  return work(200, visit, context, []);
}

async function work(status: number, visit: Visit, context: Context, errors: FieldError[]): Promise<Page> {
  const { door } = visit.deps;
  const person = await leaverOf(door, context, roleIn(visit));
  const { items, closed, more } = await openWork(door, context, person);
  const colleagues = person.service === null ? [] : await colleaguesOf(door, context, person.service);
  const of = (kind: WorkKind) => items.filter((one) => one.kind === kind);
  return {
    status,
    template: 'open-work',
    context: {
      errors,
      id: visit.look,
      name: person.name ?? 'Somebody',
      kinds: WORK_KINDS.filter((kind) => of(kind).length > 0).map((kind) => ({
        kind,
        words: WORK_WORDS[kind],
        count: of(kind).length,
        families: new Set(of(kind).flatMap(({ patient }) => patient ?? [])).size,
        hand: kind !== 'drafts',
      })),
      closed: closed.map((kind) => WORK_WORDS[kind]),
      more: more.map((kind) => WORK_WORDS[kind]),
      to: visit.form.get('to') ?? '',
      reason: visit.form.get('reason') ?? '',
      colleagues: colleagues
        .filter(({ role }) => role !== person.role)
        .map(({ role, name, kind }) => ({ value: role, text: `${name ?? role}, ${roleWords(kind ?? 'admin')}` })),
    },
  };
}

export async function handPosted(visit: Visit, context: Context): Promise<Page> {
  const { door } = visit.deps;
  const kinds = WORK_KINDS.filter((kind) => visit.form.get(`kind-${kind}`) === 'yes' && kind !== 'drafts');
  const reason = (visit.form.get('reason') ?? '').trim();
  const to = visit.form.get('to') ?? '';
  const errors = [
    ...(kinds.length === 0 ? [{ field: 'kinds', text: 'Select what is handed on' }] : []),
    ...(to === '' ? [{ field: 'to', text: 'Select who takes over' }] : []),
    ...(reason.length < 5 ? [{ field: 'reason', text: 'Enter the reason, in 5 characters or more' }] : []),
  ];
  if (errors.length > 0) return work(422, visit, context, errors);
  const person = await leaverOf(door, context, roleIn(visit));
  const { items } = await openWork(door, context, person);
  const chosen = items.filter(({ kind }) => kinds.includes(kind)).slice(0, MOST_ITEMS);
  const asked = { from: person.role, to, items: chosen.map(({ reference }) => reference), reason };
  try {
    const count = await reassign(door, context, asked);
    return message(200, `${count} handed on`, ['What was left open has a new name on it.'], {
      href: `/console/open-work/${visit.look}`,
      text: 'See what is still open',
    });
  } catch (error) {
    if (!(error instanceof Outcome) || error.status !== 422) throw error;
    return work(422, visit, context, [{ field: 'to', text: error.message }]);
  }
}

/** Step one: who is away, who covers, until when. */
export async function coverForm(visit: Visit, context: Context): Promise<Page> {
  await enterCover(visit.deps.door, context);
  return coverShown(200, visit, context, { errors: [], teams: null });
}

async function coverShown(
  status: number,
  visit: Visit,
  context: Context,
  { errors, teams }: { errors: FieldError[]; teams: readonly string[] | null },
): Promise<Page> {
  const { door } = visit.deps;
  const colleagues = await colleaguesOf(door, context, context.principal.service ?? '');
  const values = (name: string) => visit.form.get(name) ?? '';
  return {
    status,
    template: 'cover',
    context: {
      errors,
      away: values('away'),
      by: values('by'),
      until: values('until'),
      reason: values('reason'),
      teams,
      names: Object.fromEntries(colleagues.map(({ role, name }) => [role, name ?? role])),
      colleagues: colleagues.map(({ role, name, kind }) => ({
        value: role,
        text: `${name ?? role}, ${roleWords(kind ?? 'admin')}`,
      })),
    },
  };
}

/** Step one shows what it opens; step two does it. */
export async function coverPosted(visit: Visit, context: Context): Promise<Page> {
  const { door } = visit.deps;
  const [away, by, day] = ['away', 'by', 'until'].map((name) => visit.form.get(name) ?? '');
  const reason = (visit.form.get('reason') ?? '').trim();
  const errors = [
    ...(away === '' ? [{ field: 'away', text: 'Select who is away' }] : []),
    ...(by === '' ? [{ field: 'by', text: 'Select who covers' }] : []),
    ...(/^\d{4}-\d{2}-\d{2}$/.test(day ?? '') ? [] : [{ field: 'until', text: 'Enter the last day, like 2026-12-01' }]),
    ...(reason.length < 5 ? [{ field: 'reason', text: 'Enter the reason, in 5 characters or more' }] : []),
  ];
  if (errors.length > 0) return coverShown(422, visit, context, { errors, teams: null });
  const dryRun = visit.form.get('step') !== 'confirm';
  const asked = { away: away ?? '', by: by ?? '', until: `${day}T23:59:59Z`, reason, dryRun };
  try {
    const done = await cover(door, context, asked);
    if (dryRun)
      return coverShown(200, visit, context, { errors: [], teams: await teamNames(visit, context, done.teams) });
    return message(200, 'Cover is arranged', [`It ends by itself after ${shownDay(day ?? '')}.`], {
      href: '/console/cover',
      text: 'Arrange other cover',
    });
  } catch (error) {
    if (!(error instanceof Outcome) || error.status !== 422) throw error;
    return coverShown(422, visit, context, { errors: [{ field: 'by', text: error.message }], teams: null });
  }
}

async function teamNames(visit: Visit, context: Context, teams: readonly string[]): Promise<string[]> {
  return Promise.all(
    teams.map(async (team) =>
      labelOf(await readDirectory(visit.deps.door, context, 'teams', team.slice('CareTeam/'.length))),
    ),
  );
}

const MOVES: Readonly<Record<Movement['kind'], string>> = {
  joined: 'Joined',
  moved: 'Moved',
  left: 'Left',
  'joined-team': 'Joined a team',
  'left-team': 'Left a team',
};
const DAYS = [7, 30, 90, 365];

const daysIn = (text: string | null | undefined): number => DAYS.find((one) => String(one) === text) ?? 30;

export async function movementsPage(visit: Visit, context: Context): Promise<Page> {
  return movementsShown(200, visit, context, { days: daysIn(visit.query.get('days')), errors: [] });
}

export async function movementsPosted(visit: Visit, context: Context): Promise<Page> {
  const days = daysIn(visit.form.get('days'));
  const reason = (visit.form.get('reason') ?? '').trim();
  const errors = [{ field: 'reason', text: 'Enter the reason, in 5 characters or more' }];
  if (reason.length < 5) return movementsShown(422, visit, context, { days, errors });
  return { file: await exportMovements(visit.deps.door, context, { days, reason }) };
}

async function movementsShown(
  status: number,
  visit: Visit,
  context: Context,
  { days, errors }: { days: number; errors: FieldError[] },
): Promise<Page> {
  const { list, ending, more, hr } = await movements(visit.deps.door, context, days);
  return {
    status,
    template: 'movements',
    context: {
      errors,
      hr: {
        read: hr.last !== null,
        stale: hr.stale,
        // The last one may not have been taken: then an older one counts.
        failed: hr.last?.taken === false,
        written: hr.taken?.fileAt == null ? null : shownTime(hr.taken.fileAt),
        people: hr.taken?.people ?? 0,
        unknown: hr.taken?.unknown ?? 0,
        faults: hr.last?.faults ?? [],
        differences: hr.differences.map(({ role, name, lastDay }) => ({
          id: role.slice('PractitionerRole/'.length),
          name: name ?? role,
          lastDay: lastDay === null ? null : shownDay(lastDay),
        })),
      },
      days: String(days),
      periods: DAYS.map((one) => ({ value: String(one), text: `${one} days` })),
      more,
      list: list.map((one) => ({ ...one, kind: MOVES[one.kind], at: shownTime(one.at) })),
      ending: ending.map((one) => ({ ...one, day: shownTime(one.until).day })),
    },
  };
}
