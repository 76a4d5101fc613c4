/** What waits for a second person: the list, one proposal whole, and confirming or withdrawing it. */
import { PROPOSAL_KINDS } from '../directory/proposal-kinds.ts';
import { carryOut, proposal, proposals, withdraw } from '../oversight/proposals.ts';
import type { Context } from '../record/types.ts';
import { message, type Page } from './pages.ts';
import { linesOf } from './proposal-lines.ts';
import { shownTime } from './times.ts';
import type { Visit } from './visit.ts';

/** Words for the kinds; others show as they are. */
const KINDS: Readonly<Record<string, string>> = {
  resource: 'One record',
  import: 'Import of the directory',
  client: 'System client',
};
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
  const { id, kind, title, words, at, body, mine } = await proposal(visit.deps.door, context, visit.look);
  return {
    status: 200,
    template: 'proposal',
    context: { id, kind: KINDS[kind] ?? kind, title, words, at: shownTime(at), mine, lines: linesOf(kind, body) },
  };
}

export async function proposalPosted(visit: Visit, context: Context): Promise<Page> {
  const { door } = visit.deps;
  if (visit.form.get('act') === 'withdraw') {
    await withdraw(door, context, visit.look);
    return message(200, 'The proposal is withdrawn', ['Nothing was changed.'], LIST);
  }
  const { entities } = await carryOut(door, context, visit.look, PROPOSAL_KINDS);
  return message(200, 'The change has taken effect', [`${entities.length} changed, as it was proposed.`], LIST);
}
