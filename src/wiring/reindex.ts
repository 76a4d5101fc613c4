/** Ties the definitions to the index of the store: what changed is indexed again in the background, with progress. */
import type { Definitions } from '../definitions/types.ts';
import type { Log } from '../log.ts';
import type { Indexer } from '../search/extract.ts';
import { formsVersion, indexForms, pendingForms } from '../search/index-forms.ts';
import type { WantedForms } from '../store/index-state.ts';
import type { Pool } from '../store/pool.ts';
import { type Reindex, startReindex } from '../store/reindex.ts';

export interface ReindexPlace {
  pool: Pool;
  definitions: Definitions;
  /** Of the definitions that were posted. */
  generation: number;
  indexer: Indexer;
  log: Log;
  onError(error: unknown): void;
}

/** What the index is to hold under these definitions. */
export function wantedForms(definitions: Definitions, generation: number): WantedForms {
  return {
    version: formsVersion(definitions),
    generation,
    types: definitions.resourceTypes,
    forms: (type) => indexForms(definitions, type),
    pending: (type, made) => pendingForms(definitions, type, made),
  };
}

/** Starts it; resolves as soon as it is known what must not be answered yet. */
export function startIndexing({
  pool,
  definitions,
  generation,
  indexer,
  log,
  onError,
}: ReindexPlace): Promise<Reindex> {
  return startReindex({
    pool,
    wanted: wantedForms(definitions, generation),
    indexOf: indexer.indexOf,
    onProgress: (type, rows, finished) => log.info(finished ? 'indexed again' : 'indexing again', { type, rows }),
    onError,
  });
}
