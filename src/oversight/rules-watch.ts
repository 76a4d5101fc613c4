/** Who watches the alert rules: settings that are not understood, and rules that cannot look at the record, are told. */
import { settingsUnder } from '../audit/alert-changes.ts';
import type { AlertSettings } from '../audit/alert-settings.ts';
import { newestSettings } from '../store/models/alert-settings.ts';
import { type Oversight, raiseFailure } from './oversee.ts';

/** Steps that fail one after the other before somebody is told: a database that was away for a moment is no alert. */
const PATIENCE = 5;

export interface RulesWatch {
  /** As they are set now; those of the console that are not understood (any more) are told once and left out. */
  settings(base: AlertSettings): Promise<AlertSettings>;
  /** A step went well. */
  well(): void;
  /** A step failed. */
  failed(): void;
}

export function createWatchOfRules(oversight: Oversight): RulesWatch {
  let notUnderstood = 0;
  let failures = 0;
  const tell = (why: string): void => {
    raiseFailure(oversight, why).catch(() => oversight.log.error('an alert could not be raised', {}));
  };
  return {
    settings: async (base) => {
      const kept = await newestSettings(oversight.pool);
      if (kept === null) return base;
      try {
        return settingsUnder(base, kept.body);
      } catch {
        if (notUnderstood !== kept.id)
          tell('The alert rules as they were set are not understood: those that ship are on');
        notUnderstood = kept.id;
        return base;
      }
    },
    well: () => {
      failures = 0;
    },
    failed: () => {
      failures += 1;
      if (failures === PATIENCE) tell('The alert rules cannot look at the access record');
    },
  };
}
