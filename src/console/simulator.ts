/** "Would this person see this, and why": asked with a reason, answered with every step and no content. */
import { isNhsNumber, unspacedNhsNumber } from '../fhir/identifiers.ts';
import { Outcome } from '../fhir/outcome.ts';
import { enterDesk } from '../oversight/officer.ts';
import { peopleMeant } from '../oversight/people-meant.ts';
import { type Simulated, simulate } from '../oversight/simulate.ts';
import { simulateFamily } from '../oversight/simulate-family.ts';
import type { Context } from '../record/types.ts';
import { type FieldError, readReason } from './access-form.ts';
import type { Page } from './pages.ts';
import { PURPOSE_ITEMS, simulatedWords } from './simulator-words.ts';
import type { Visit } from './visit.ts';
import { typeWords } from './words.ts';

const TYPES = [
  ...[
    'Patient',
    'ServiceRequest',
    'Appointment',
    'Encounter',
    'Observation',
    'QuestionnaireResponse',
    'RiskAssessment',
  ],
  ...['CarePlan', 'Goal', 'Task', 'Flag', 'Consent', 'DocumentReference'],
];
const ACTIONS = [
  { value: 'read', text: 'Open it' },
  { value: 'search', text: 'Find it in a list' },
  { value: 'update', text: 'Change it' },
] as const;

interface Asked {
  who: string;
  what: string;
  type: string;
  action: (typeof ACTIONS)[number]['value'];
  purpose: string;
  reason: string;
  errors: FieldError[];
}

const EMPTY: Asked = { who: '', what: '', type: 'Patient', action: 'read', purpose: '', reason: '', errors: [] };

export async function simulatorForm(visit: Visit, context: Context): Promise<Page> {
  await enterDesk(visit.deps.door, context);
  return shown(200, EMPTY, []);
}

export async function simulatorPosted(visit: Visit, context: Context): Promise<Page> {
  const { door } = visit.deps;
  const asked = askedIn((name) => (visit.form.get(name) ?? '').trim());
  if (asked.errors.length > 0) {
    await enterDesk(door, context);
    return shown(422, asked, []);
  }
  const people = await peopleMeant(door, context, asked.who);
  const [person, ...more] = people;
  if (person === undefined || more.length > 0) {
    const text =
      person === undefined
        ? 'The directory knows nobody of this name'
        : `Say which one: ${people.map(({ name, who }) => `${name} (${who})`).join(', ')}`;
    return shown(422, { ...asked, errors: [{ field: 'who', text }] }, []);
  }
  try {
    return shown(200, asked, await decisions(visit, context, asked, person.who));
  } catch (error) {
    if (!(error instanceof Outcome) || error.status < 404 || error.status > 422) throw error;
    const field = error.status === 404 ? 'what' : 'who';
    return shown(422, { ...asked, errors: [{ field, text: error.message }] }, []);
  }
}

async function decisions(visit: Visit, context: Context, asked: Asked, who: string): Promise<Simulated[]> {
  const { door } = visit.deps;
  const { action, reason: words } = asked;
  const question = { who, action, words, purpose: asked.purpose === '' ? null : asked.purpose };
  const [type = '', id] = asked.what.split('/');
  if (id !== undefined) return [await simulate(door, context, { ...question, type, id })];
  return simulateFamily(door, context, { ...question, type: asked.type, nhsNumber: unspacedNhsNumber(asked.what) });
}

function askedIn(get: (name: string) => string): Asked {
  const { reason, errors } = readReason(get('reason'));
  const what = get('what').slice(0, 140);
  const isReference = /^[A-Z][A-Za-z]{1,63}\/[A-Za-z0-9.-]{1,64}$/.test(what);
  const found: FieldError[] = [];
  if (get('who') === '') found.push({ field: 'who', text: 'Enter a person or system' });
  if (!isReference && !isNhsNumber(unspacedNhsNumber(what)))
    found.push({ field: 'what', text: 'Enter an NHS number, like 999 000 1006, or a record, like CarePlan/17' });
  return {
    who: get('who').slice(0, 100),
    what,
    type: TYPES.find((one) => one === get('type')) ?? 'Patient',
    action: ACTIONS.find(({ value }) => value === get('action'))?.value ?? 'read',
    purpose: PURPOSE_ITEMS.find(({ value }) => value === get('purpose'))?.value ?? '',
    reason,
    errors: [...found, ...errors],
  };
}

function shown(status: number, asked: Asked, decided: readonly Simulated[]): Page {
  return {
    status,
    template: 'simulator',
    context: {
      errors: asked.errors,
      asked,
      types: TYPES.map((value) => ({ value, text: typeWords(value) })),
      actions: ACTIONS,
      purposes: PURPOSE_ITEMS,
      decided: decided.map(simulatedWords),
    },
  };
}
