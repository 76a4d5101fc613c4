/** Officers' questions by name, and taking an answer out as a file. */

import type { Cell } from '../audit/export-text.ts';
import { type ServiceNames, serviceNames } from '../oversight/agreements.ts';
import { exportQuestion } from '../oversight/export-requests.ts';
import type { ExportAsked } from '../oversight/export-table.ts';
import { enterDesk } from '../oversight/officer.ts';
import { askQuestion, MAX_ROWS, QUESTIONS, type Question } from '../oversight/questions.ts';
import { mySavedQuestions, type SavedQuestion } from '../oversight/saved.ts';
import type { Context } from '../record/types.ts';
import { type FieldError, type Filters, readFilters, readReason } from './access-form.ts';
import type { Page } from './pages.ts';
import { shownTime } from './times.ts';
import type { Visit } from './visit.ts';
import { explanationWords, isExplanation, isRole, labelWords, relationshipWords, roleWords } from './words.ts';

interface Asked {
  question: Question;
  filters: Filters;
  errors: FieldError[];
  saved?: SavedQuestion[];
}

const MAX_SAMPLE = 1_000;

function askedIn(get: (name: string) => string): Asked {
  const filters = readFilters({ get });
  const id = QUESTIONS.find((one) => one.id === get('question'))?.id ?? QUESTIONS[0].id;
  const reference = get('case').trim().toUpperCase();
  const person = get('who').trim().slice(0, 100);
  const errors = [...filters.errors];
  if (reference !== '' && !/^CASE-[0-9A-F]{10}$/.test(reference))
    errors.push({ field: 'case', text: 'Enter a case reference, like CASE-0123456789' });
  const rule = get('rule').trim().toUpperCase();
  if (rule !== '' && !/^R-\d{2}$/.test(rule)) errors.push({ field: 'rule', text: 'Enter a rule, like R-07' });
  if (/(?:\d[\s-]?){10}/.test(person)) errors.push({ field: 'who', text: 'Enter a name, not a number' });
  return { question: { id, person, case: reference, rule, ...filters.range }, filters, errors };
}

/** The form, and below it the answer to what it asks. */
export async function questionsPage(visit: Visit, context: Context): Promise<Page> {
  const asked = askedIn((name) => visit.query.get(name) ?? '');
  if (visit.query.get('question') === null || asked.errors.length > 0) {
    await enterDesk(visit.deps.door, context);
    const saved = await mySavedQuestions(visit.deps.door, context);
    return shown(asked.errors.length > 0 ? 422 : 200, { ...asked, saved }, null);
  }
  const answer = await askQuestion(visit.deps.door, context, asked.question);
  return shown(200, asked, { answer, names: await serviceNames(visit.deps.door) });
}

/** Codes of a file in the words of a page. */
const CELLS: Readonly<Record<string, (cell: string, names: ServiceNames) => string>> = {
  role: (cell) => (isRole(cell) ? roleWords(cell) : cell),
  service: (cell, names) => names.get(cell) ?? cell,
  explanation: (cell) => (isExplanation(cell) ? explanationWords(cell) : cell),
  label: labelWords,
  'label before': labelWords,
  'own relationships': (cell) => listed(cell, relationshipWords),
  'team relationships': (cell) => listed(cell, relationshipWords),
};

const listed = (cell: string, words: (one: string) => string): string =>
  cell === '' ? '' : cell.split(', ').map(words).join(', ');

function shownCell(column: string, cell: Cell, names: ServiceNames) {
  if (cell instanceof Date) return shownTime(cell);
  return typeof cell === 'string' && cell !== '' ? (CELLS[column]?.(cell, names) ?? cell) : cell;
}

interface Answered {
  answer: Awaited<ReturnType<typeof askQuestion>>;
  names: ServiceNames;
}

function shown(status: number, { question, filters, errors, saved = [] }: Asked, answered: Answered | null): Page {
  const { answer = null, names = new Map<string, string>() } = answered ?? {};
  return {
    status,
    template: 'questions',
    context: {
      errors,
      saved,
      filters,
      question,
      questions: QUESTIONS.map(({ id, q, words }) => ({ value: id, text: `${words} (${q})` })),
      words: QUESTIONS.find(({ id }) => id === question.id)?.words ?? '',
      asked: answer !== null,
      choices: answer?.choices ?? [],
      // On a page in UK time, in a file in UTC.
      columns: (answer?.table.columns ?? []).map((column) => column.replace(' (UTC)', '')),
      rows: (answer?.table.rows ?? []).map((row) =>
        row.map((cell, i) => shownCell(answer?.table.columns[i] ?? '', cell, names)),
      ),
      full: answer?.table.rows.length === MAX_ROWS ? MAX_ROWS : null,
    },
  };
}

/** One question's answer as a file. Asked anew, so that what leaves is decided and recorded by itself. */
export async function exportPosted(visit: Visit, context: Context): Promise<Page> {
  const { door } = visit.deps;
  const get = (name: string) => visit.form.get(name) ?? '';
  const asked = askedIn(get);
  const { reason, errors } = readReason(get('reason'));
  const sample = sampleIn(get);
  if (sample === 'bad') errors.push({ field: 'sample', text: `Sample must be a number from 1 to ${MAX_SAMPLE}` });
  if (asked.errors.length > 0 || errors.length > 0 || sample === 'bad') {
    await enterDesk(door, context);
    return shown(422, { ...asked, errors: [...asked.errors, ...errors] }, null);
  }
  const format: ExportAsked['format'] = get('format') === 'ndjson' ? 'ndjson' : 'csv';
  const wanted = { format, bom: get('bom') === 'yes', reason, sample };
  const period = asked.filters.words ?? 'all';
  const made = await exportQuestion(door, context, { question: asked.question, period, asked: wanted });
  return 'file' in made ? made : { redirect: `/console/exports?asked=${made.waiting}` };
}

function sampleIn(get: (name: string) => string): ExportAsked['sample'] | 'bad' {
  const text = get('sample').trim();
  if (text === '') return null;
  const size = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : 0;
  return size >= 1 && size <= MAX_SAMPLE ? { size, seed: get('seed').trim().slice(0, 64) || 'none' } : 'bad';
}
