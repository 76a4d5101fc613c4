/** What each kind of proposal does once a second person has confirmed it. */
import { carryOutAlerts } from '../oversight/alert-changes.ts';
import type { CarryOut } from '../oversight/proposals.ts';
import { carryOutResource } from '../oversight/two-persons.ts';
import { carryOutClient } from './clients.ts';
import { carryOutImport } from './import.ts';

export const PROPOSAL_KINDS: Readonly<Record<string, CarryOut>> = {
  resource: carryOutResource,
  alerts: carryOutAlerts,
  import: carryOutImport,
  client: carryOutClient,
};
