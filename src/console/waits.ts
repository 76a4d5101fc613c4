/** Who waits for whom: referrals that did not arrive, with both numbers and a way to settle them, and those nobody accepted. */
import { londonDate } from '../fhir/london.ts';
import { type ServiceNames, serviceNames } from '../oversight/agreements.ts';
import { readWaits, SETTLE_WORDS, type Side, settleWait } from '../oversight/waits.ts';
import type { Context } from '../record/types.ts';
import { type FieldError, readWords } from './access-form.ts';
import type { Page } from './pages.ts';
import { shownDay, shownTime } from './times.ts';
import type { Visit } from './visit.ts';
import { reasonWords, typeWords } from './words.ts';

export const WAITS = '/console/waits';

export function waitsPage(visit: Visit, context: Context): Promise<Page> {
  return shown(visit, context, 200, []);
}

const STATES = { received: 'Delivered', opened: 'Opened', other: 'Sent' } as const;

async function shown(visit: Visit, context: Context, status: number, errors: FieldError[]): Promise<Page> {
  const { door } = visit.deps;
  const { notArrived, unaccepted } = await readWaits(door, context);
  const names = await serviceNames(door);
  const today = londonDate(context.now);
  return {
    status,
    template: 'waits',
    context: {
      errors,
      notArrived: notArrived.map(({ at, type, reason, from, to, ...one }) => ({
        ...one,
        at: shownTime(at),
        what: typeWords(type),
        why: reason === null ? 'It could not be delivered' : reasonWords(reason),
        from: sideWords(from, names),
        to: sideWords(to, names),
      })),
      unaccepted: unaccepted.map(({ since, due, state, ...one }) => ({
        ...one,
        since: since === null ? null : shownTime(since),
        state: STATES[state],
        due: due === null ? null : shownDay(due),
        late: due !== null && due < today,
      })),
    },
  };
}

export async function waitsPosted(visit: Visit, context: Context): Promise<Page> {
  const reference = /^AL-[0-9A-F]{10}$/.exec(visit.form.get('alert') ?? '')?.[0] ?? '';
  const field = `words-${reference}`;
  const { words, errors } = readWords(visit.form.get(field) ?? '', field, SETTLE_WORDS);
  if (errors.length > 0) return shown(visit, context, 422, errors);
  await settleWait(visit.deps.door, context, reference, words);
  return { redirect: WAITS };
}

/** A side of a referral with its telephone numbers. */
export function sideWords(side: Side | null, names: ServiceNames) {
  if (side === null) return { name: 'Not known', phones: [] };
  return { name: names.get(side.service) ?? side.service, phones: side.phones };
}
