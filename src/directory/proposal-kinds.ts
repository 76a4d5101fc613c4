/** What each kind of proposal does once a second person has confirmed it. */
import { carryOutAlerts } from '../oversight/alert-changes.ts';
import { carryOutNamed } from '../oversight/named-lists.ts';
import { type CarryOut, carryOut, type Done } from '../oversight/proposals.ts';
import { carryOutIdentity } from '../oversight/sealed-identity.ts';
import { carryOutResource } from '../oversight/two-persons.ts';
import type { Context, Door } from '../record/types.ts';
import { carryOutClient } from './clients.ts';
import { carryOutImport } from './import.ts';
import { settleAll } from './settle.ts';

const PROPOSAL_KINDS: Readonly<Record<string, CarryOut>> = {
  resource: carryOutResource,
  alerts: carryOutAlerts,
  import: carryOutImport,
  client: carryOutClient,
  named: carryOutNamed,
  identity: carryOutIdentity,
};

/** Carries out what a second person confirms, and takes leavers and movers out of what still names them. */
export async function confirmProposal(door: Door, context: Context, id: string): Promise<Done & { kind: string }> {
  const done = await carryOut(door, context, id, PROPOSAL_KINDS);
  if (done.kind === 'resource' || done.kind === 'import') await settleAll(door);
  return done;
}
