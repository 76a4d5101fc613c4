/**
 * Setting the alert rules in the console: what makes them see more takes effect at once, what makes them see less needs a
 * second person, and what contradicts itself or a promise of another rule is refused with the reason.
 */
import { type AlertChoice, choiceOf, isSameChoice, seesLess, settingsUnder } from '../audit/alert-changes.ts';
import type { AlertSettings } from '../audit/alert-settings.ts';
import { refuse } from '../fhir/outcome.ts';
import type { Context, Door } from '../record/types.ts';
import { insertSettings, type KeptSettings, lockSettings, newestSettings } from '../store/models/alert-settings.ts';
import { inTransaction } from '../store/transaction.ts';
import { deskEntry, officerOf, onDesk, recordInside } from './officer.ts';
import { type CarryOut, keepProposal } from './proposals.ts';

export interface AlertStanding {
  settings: AlertSettings;
  /** What of them can be chosen. */
  choice: AlertChoice;
  /** Who set them last in the console, or null. */
  last: KeptSettings | null;
}

/** As they stand now. `running` may be a step behind. */
export function readAlertSettings(door: Door, context: Context, running: AlertSettings): Promise<AlertStanding> {
  const entry = deskEntry(context, 'alert-settings');
  return onDesk(door, context, entry, async () => {
    const last = await newestSettings(door.pool);
    await door.audit.write(entry);
    const settings = last === null ? running : settingsUnder(running, last.body);
    return { settings, choice: choiceOf(settings), last };
  });
}

/**
 * Sets them, or proposes it. @returns the id of the proposal, or null when it holds at once
 * @throws Outcome 422 with the reason
 */
export function changeAlerts(
  door: Door,
  context: Context,
  running: AlertSettings,
  asked: { choice: AlertChoice; words: string },
): Promise<string | null> {
  const entry = deskEntry(context, `alert-settings; reason: ${asked.words.slice(0, 300)}`);
  return onDesk(door, context, entry, () =>
    inTransaction(door.pool, async (client) => {
      // Compared with what stands and kept in one turn: two officers at once cannot loosen what the other tightened.
      await lockSettings(client);
      const last = await newestSettings(client);
      const body = JSON.stringify(asked.choice);
      const before = choiceOf(last === null ? running : settingsUnder(running, last.body));
      const after = choiceOf(sound(running, body));
      if (isSameChoice(before, after)) throw refuse(422, 'business-rule', 'Nothing would change.');
      if (!seesLess(before, after)) {
        await insertSettings(client, keptBy(context, asked.words, body));
        await recordInside(client, entry);
        return null;
      }
      const proposal = { kind: 'alerts', title: 'Alert rules see less', words: asked.words, body };
      const id = await keepProposal(context, client, { ...proposal, version: last?.id ?? 0 });
      await recordInside(client, { ...entry, status: 202 });
      return id;
    }),
  );
}

function sound(running: AlertSettings, body: string): AlertSettings {
  try {
    return settingsUnder(running, body);
  } catch (error) {
    throw refuse(422, 'business-rule', error instanceof Error ? error.message : 'These settings are not understood');
  }
}

function keptBy(context: Context, words: string, body: string): Omit<KeptSettings, 'id'> {
  return { at: context.now, byParty: officerOf(context), byName: context.principal.name, words, body };
}

/** Sets what a second person confirmed. @throws Outcome 412 when somebody has set them otherwise since it was proposed */
export const carryOutAlerts: CarryOut = async (_door, context, client, { body, words, version }) => {
  await lockSettings(client);
  const last = await newestSettings(client);
  if (version !== null && version !== (last?.id ?? 0))
    throw refuse(412, 'conflict', 'The alert rules were set otherwise since this was proposed: propose it again');
  await insertSettings(client, keptBy(context, words, body));
  return { written: [], entities: [] };
};
