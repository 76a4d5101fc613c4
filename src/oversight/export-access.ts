/** The access record of a family as a file (Q1, R-38): the same question, asked anew, so that what leaves is recorded by itself. */
import type { Cell, Table } from '../audit/export-text.ts';
import { NHS_NUMBER } from '../fhir/identifiers.ts';
import { refuse } from '../fhir/outcome.ts';
import type { Context, Door } from '../record/types.ts';
import { word, wordPrefix } from '../search/words.ts';
import { familyByWords } from '../store/models/access-record.ts';
import { type AccessAnswer, type AccessQuestion, askAccessRecord } from './ask-access-record.ts';
import { type ExportAsked, type ExportFile, exportTable } from './export-table.ts';

/** Events in one file, at most: the newest ones. */
const MAX_EVENTS = 200;

/** @throws Outcome 403 (R-26, R-11), 503 when it cannot be recorded */
export async function exportAccessRecord(
  door: Door,
  context: Context,
  question: Omit<AccessQuestion, 'count' | 'before'>,
  asked: ExportAsked & { period: string },
): Promise<ExportFile> {
  const answer = await askAccessRecord(door, context, { ...question, before: null, count: MAX_EVENTS });
  const words = [word(wordPrefix('Patient', 'identifier'), `${NHS_NUMBER}|${question.nhsNumber}`)];
  const { family } = await familyByWords(door.pool, words);
  const what = {
    name: 'access-record',
    title: 'Who looked at a record',
    answer: { table: tableOf(answer), patients: family, rowPatients: null },
    period: asked.period,
    // A party may be a person of the family, so it is not named in the file.
    filter: `${question.party === null ? 'everyone' : 'one person or system'}${answer.next === null ? '' : `, newest ${MAX_EVENTS}`}`,
  };
  // One family is far below the cap; a number that stands for more people than that is a matter for the record, not a file.
  const made = await exportTable(door, context, what, { ...asked, approved: null });
  if ('people' in made) throw refuse(409, 'business-rule', 'This number stands for more people than a file may hold.');
  return made.file;
}

function tableOf({ events, names }: AccessAnswer): Table {
  const columns = [
    'record',
    'when (UTC)',
    'who',
    'role',
    'service',
    'team',
    'from',
    'what',
    'types',
    'label',
    'purpose',
  ];
  const named = (reference: string | null): string | null =>
    reference === null ? null : (names.get(reference) ?? reference);
  const rows = events.map(({ agent, ...event }): Cell[] => {
    const who = agent.kind === 'family' ? 'family' : (agent.name ?? agent.clientId);
    const types = event.types.map(({ type, count }) => (count > 1 ? `${type} x${count}` : type)).join(' ');
    const whose = [who, agent.role, named(agent.service), named(agent.team), agent.address];
    const why = [
      event.purpose,
      event.status,
      event.rules.join(' '),
      event.reason,
      event.explanation,
      event.checkReason,
    ];
    return [event.seq, new Date(event.at), ...whose, event.interactions.join(' '), types, event.label, ...why];
  });
  return { columns: [...columns, 'status', 'rules', 'reason', 'explanation', 'reason given'], rows };
}
