/** The form of a replay: which agreement, or which other rules, as an organisation could settle them. Pure. */
import type { DataClass, RelationshipKind, Role } from '../governance/types.ts';
import type { RuleSettings } from '../governance/what-if.ts';
import { type FieldError, type Fields, readReason } from './access-form.ts';
import { classWords, REPLAY_CLASSES } from './agreement-words.ts';
import { labelWords, roleWords, STAFF_ROLES } from './words.ts';

export interface ReplayForm {
  kind: 'proposal' | 'revoked' | 'rules';
  proposal: string;
  revoked: string;
  grace: string;
  lapse: string;
  role: Role | '';
  ceiling: 'N' | 'R' | '';
  closed: DataClass[];
  opened: DataClass[];
  without: string[];
  days: string;
  reason: string;
}

/** Relationships that an organisation may decide not to rely on, each with the kinds of fact it stands for. */
const TIES: readonly { id: string; text: string; kinds: readonly RelationshipKind[] }[] = [
  { id: 'appointment', text: 'their own appointment', kinds: ['appointment'] },
  { id: 'task', text: 'an open task, or today’s duty list', kinds: ['task'] },
  { id: 'attendance', text: 'the family is attending their service now', kinds: ['attendance'] },
  { id: 'referral', text: 'an open referral that is not yet accepted', kinds: ['referral'] },
  { id: 'supervision', text: 'supervision', kinds: ['supervision'] },
  { id: 'self-claim', text: 'a relationship they claimed themselves', kinds: ['self-claim'] },
  { id: 'break-glass', text: 'break-glass access', kinds: ['break-glass', 'sealed-grant'] },
  { id: 'history', text: 'a reason for an earlier pregnancy', kinds: ['history'] },
];

export function readReplayForm(fields: Fields): ReplayForm {
  const text = (name: string) => (fields.get(name) ?? '').trim().slice(0, 100);
  const has = (name: string) => (fields.get(name) ?? '') !== '';
  return {
    kind: (['proposal', 'revoked', 'rules'] as const).find((one) => one === text('kind')) ?? 'proposal',
    ...{ proposal: text('proposal'), revoked: text('revoked'), grace: text('grace'), lapse: text('lapse') },
    role: STAFF_ROLES.find((one) => one === text('role')) ?? '',
    ceiling: (['N', 'R'] as const).find((one) => one === text('ceiling')) ?? '',
    closed: REPLAY_CLASSES.filter((one) => has(`no-${one}`)),
    opened: REPLAY_CLASSES.filter((one) => has(`also-${one}`)),
    without: TIES.filter(({ id }) => has(`without-${id}`)).map(({ id }) => id),
    days: text('days'),
    reason: fields.get('reason') ?? '',
  };
}

/** The other rules that were chosen, with every problem of them. */
export function settingsIn(form: ReplayForm): { settings: RuleSettings; errors: FieldError[] } {
  const errors: FieldError[] = [];
  const number = (field: 'grace' | 'lapse'): number | null => {
    if (form[field] === '') return null;
    if (/^\d{1,3}$/.test(form[field]) && Number(form[field]) <= 365) return Number(form[field]);
    errors.push({ field, text: 'Days must be a number from 0 to 365' });
    return null;
  };
  const { role, ceiling, closed, opened } = form;
  const cells = (classes: readonly DataClass[]) =>
    role === '' ? [] : classes.map((dataClass) => ({ role, dataClass }));
  const settings: RuleSettings = {
    ...{ graceDays: number('grace'), lapseDays: number('lapse'), closed: cells(closed), opened: cells(opened) },
    ceilings: role === '' || ceiling === '' ? [] : [{ role, label: ceiling }],
    without: TIES.filter(({ id }) => form.without.includes(id)).flatMap(({ kinds }) => kinds),
  };
  const ofRole = closed.length + opened.length + (ceiling === '' ? 0 : 1);
  if ((role === '') !== (ofRole === 0))
    errors.push({ field: 'role', text: 'Select both a role and what it would see, or neither' });
  const both = closed.filter((one) => opened.includes(one));
  if (both.length > 0)
    errors.push({ field: 'also', text: `Select ${both.map(classWords).join(', ')} once only: closed, or opened` });
  const isNothing = Object.values(settings).every((one) => one === null || one.length === 0);
  if (errors.length === 0 && isNothing) errors.push({ field: 'grace', text: 'Change at least one rule' });
  return { settings, errors };
}

/** What would be otherwise, in one line. */
export function settingsWords(form: ReplayForm): string {
  const role = form.role === '' ? '' : roleWords(form.role);
  const ties = TIES.filter(({ id }) => form.without.includes(id)).map(({ text }) => text);
  return [
    ...(form.grace === '' ? [] : [`${Number(form.grace)} days of reading after care ended`]),
    ...(form.lapse === '' ? [] : [`${Number(form.lapse)} days of reading on after an agreement ended`]),
    ...(form.closed.length === 0 ? [] : [`${role}: no ${form.closed.map(classWords).join(', ')}`]),
    ...(form.opened.length === 0 ? [] : [`${role}: ${form.opened.map(classWords).join(', ')} as well`]),
    ...(form.ceiling === '' ? [] : [`${role}: ${labelWords(form.ceiling).toLowerCase()} at most`]),
    ...(ties.length === 0 ? [] : [`nothing opened by ${ties.join(', ')}`]),
  ].join('; ');
}

/** What can be chosen, with what was. */
export function replayChoices(form: ReplayForm) {
  const none = { value: '', text: 'None' };
  const boxes = (prefix: string, checked: readonly DataClass[]) =>
    REPLAY_CLASSES.map((one) => ({
      name: `${prefix}-${one}`,
      value: 'yes',
      text: classWords(one),
      checked: checked.includes(one),
    }));
  return {
    roles: [none, ...STAFF_ROLES.map((value) => ({ value, text: roleWords(value) }))],
    ceilings: [
      { value: '', text: 'As now' },
      { value: 'N', text: 'Normal records only' },
      { value: 'R', text: 'Restricted records too, very restricted ones not' },
    ],
    closed: boxes('no', form.closed),
    opened: boxes('also', form.opened),
    ties: TIES.map(({ id, text }) => ({
      ...{ name: `without-${id}`, value: 'yes', text },
      checked: form.without.includes(id),
    })),
  };
}

/** The reason, checked as everywhere. */
export const replayReason = ({ reason }: ReplayForm) => readReason(reason);
