/** Retention and legal hold: what is due, what is held, and what two people agree to destroy. */
import { printedNhsNumber } from '../fhir/identifiers.ts';
import {
  answer,
  askDestruction,
  liftHold,
  placeHold,
  type RetentionView,
  readRetention,
} from '../oversight/retention.ts';
import { askRemoval } from '../oversight/trail-removal.ts';
import type { Context } from '../record/types.ts';
import { type FieldError, readLookForm, readReason, readWords } from './access-form.ts';
import type { Page } from './pages.ts';
import { shownDay, shownTime } from './times.ts';
import type { Visit } from './visit.ts';

const PAGE = '/console/retention';

export async function retentionPage(visit: Visit, context: Context): Promise<Page> {
  return shown(200, await readRetention(visit.deps.door, context), []);
}

export async function retentionPosted(visit: Visit, context: Context): Promise<Page> {
  const { door } = visit.deps;
  const get = (name: string): string => visit.form.get(name) ?? '';
  const reference = get('reference').slice(0, 20);
  const again = async (errors: FieldError[]): Promise<Page> => shown(422, await readRetention(door, context), errors);
  switch (get('act')) {
    case 'hold': {
      const all = get('what') === 'all';
      const typed = readLookForm(get('nhs-number'), get('reason'));
      const errors = all ? readReason(get('reason')).errors : typed.errors;
      if (errors.length > 0) return again(errors);
      await placeHold(door, context, all ? null : typed.nhsNumber, typed.reason);
      break;
    }
    case 'lift': {
      const { words, errors } = readWords(get('words'), `lift-${reference}`, 15);
      if (errors.length > 0) return again(errors);
      await liftHold(door, context, { reference, reason: words });
      break;
    }
    case 'lift-confirm':
      await liftHold(door, context, { reference, reason: null });
      break;
    case 'destroy': {
      const { words, errors } = readWords(get('words'), `destroy-${reference}`, 15);
      if (errors.length > 0) return again(errors);
      await askDestruction(door, context, { reference, words });
      break;
    }
    case 'segment': {
      const { words, errors } = readWords(get('segment-words'), 'segment-words', 15);
      if (!/^[1-9]\d{0,14}$/.test(get('record')))
        errors.unshift({ field: 'record', text: 'Enter the number of a record' });
      if (errors.length > 0) return again(errors);
      await askRemoval(door, context, { upTo: Number(get('record')), words });
      break;
    }
    case 'approve':
    case 'refuse':
      await answer(door, context, { reference, agreed: get('act') === 'approve' });
      break;
    default:
      return again([]);
  }
  return { redirect: PAGE };
}

/** Kinds of record in words. */
export const RULES: Readonly<Record<string, string>> = {
  maternity: 'Maternity record',
  child: 'Record of a child',
  'child-of-17': 'Record of a child who was 17 at the end of care',
  adult: 'Record of an adult',
  'deceased-child': 'Record of a child who died',
};

function shown(status: number, view: RetentionView, errors: FieldError[]): Page {
  const printed = (numbers: readonly string[]) => numbers.map(printedNhsNumber).join(', ') || 'No NHS number';
  const asked = [...view.destructions, ...view.removals.map((one) => ({ ...one, removed: 0 }))];
  return {
    status,
    template: 'retention',
    context: {
      errors,
      due: view.due.map((one) => ({
        reference: one.reference,
        number: printed(one.numbers),
        due: shownDay(one.due),
        ended: shownDay(one.ended),
        rule: RULES[one.rule] ?? one.rule,
      })),
      holds: view.holds.map((one) => ({
        ...one,
        number: one.patient === null ? 'Everything' : printed(one.numbers),
        at: shownTime(one.at),
      })),
      asked: asked.map((one) => ({
        reference: one.reference,
        what: 'toSeq' in one ? `The trail up to record ${one.toSeq}` : 'A record',
        by: one.askedBy,
        words: one.words,
        state: stateOf(one),
        waits: one.approvedBy === null && one.refusedBy === null,
        certified: one.done !== null,
      })),
    },
  };
}

function stateOf(one: {
  approvedBy: string | null;
  refusedBy: string | null;
  done: Date | null;
  removed: number;
}): string {
  if (one.refusedBy !== null) return `Not agreed by ${one.refusedBy}`;
  if (one.done !== null) return 'Destroyed, with a certificate';
  return one.approvedBy === null ? 'Waits for a second person' : `Agreed by ${one.approvedBy}: it goes in the night`;
}
