/** What waits for a second person: the list, one proposal whole, and confirming or withdrawing it. */
import { confirmProposal } from '../directory/proposal-kinds.ts';
import { agreementSides } from '../oversight/agreement-sides.ts';
import type { AgreementView } from '../oversight/agreement-view.ts';
import { type ServiceNames, serviceNames } from '../oversight/agreements.ts';
import { proposal, proposals, withdraw } from '../oversight/proposals.ts';
import type { Context } from '../record/types.ts';
import { betweenWords, clausesOf, endWords, STATES } from './agreement-words.ts';
import { message, type Page } from './pages.ts';
import { linesOf } from './proposal-lines.ts';
import { shownTime } from './times.ts';
import type { Visit } from './visit.ts';

/** Words for the kinds; others show as they are. */
const KINDS: Readonly<Record<string, string>> = {
  resource: 'One record',
  import: 'Import of the directory',
  client: 'System client',
  alerts: 'Settings',
  named: 'Named list',
  identity: 'Sealed identity',
};
/** A page holds so many; a larger import says how many more there are, and is better split. */
const MOST_LINES = 2_000;
const LIST = { href: '/console/proposals', text: 'See what else waits' };

export async function proposalsPage(visit: Visit, context: Context): Promise<Page> {
  const waiting = await proposals(visit.deps.door, context);
  return {
    status: 200,
    template: 'proposals',
    context: {
      waiting: waiting.map(({ id, kind, title, words, at, proposer, proposerName, mine }) => ({
        id,
        kind: KINDS[kind] ?? kind,
        title,
        words,
        at: shownTime(at),
        by: proposerName ?? proposer,
        mine,
      })),
    },
  };
}

export async function proposalPage(visit: Visit, context: Context): Promise<Page> {
  const { door } = visit.deps;
  const found = await proposal(door, context, visit.look);
  const { id, kind, title, words, at, body, mine } = found;
  const sides = await agreementSides(door, context, found);
  const names = await serviceNames(door);
  const lines = sides === null ? linesOf(kind, body) : [];
  return {
    status: 200,
    template: 'proposal',
    context: {
      ...{ id, words, mine, at: shownTime(at), lines: lines.slice(0, MOST_LINES) },
      hidden: Math.max(0, lines.length - MOST_LINES),
      kind: sides === null ? (KINDS[kind] ?? kind) : 'Sharing agreement',
      title: sides === null ? title : sides.after.title,
      sides: sides === null ? null : [sides.before, sides.after].map((one) => one && agreementSide(one, names)),
      outdated: sides?.outdated ?? false,
    },
  };
}

function agreementSide(view: AgreementView, names: ServiceNames) {
  return {
    state: STATES[view.state],
    between: betweenWords(view.rows, names),
    end: endWords(view),
    basis: view.lawfulBasis,
    retention: view.retention,
    ...clausesOf(view.rows, names),
  };
}

export async function proposalPosted(visit: Visit, context: Context): Promise<Page> {
  const { door } = visit.deps;
  if (visit.form.get('act') === 'withdraw') {
    await withdraw(door, context, visit.look);
    return message(200, 'The proposal is withdrawn', ['Nothing was changed.'], LIST);
  }
  const { entities } = await confirmProposal(door, context, visit.look);
  return message(200, 'The change has taken effect', [`${entities.length} changed, as it was proposed.`], LIST);
}
