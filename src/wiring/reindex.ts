/** Ties the definitions to the index of the store: what changed is indexed again in the background, with progress. */
import type { Definitions } from '../definitions/types.ts';
import type { Log } from '../log.ts';
import type { Indexer } from '../search/extract.ts';
import { formsVersion, indexForms, pendingForms } from '../search/index-forms.ts';
import type { Pool } from '../store/pool.ts';
import { type Reindex, startReindex } from '../store/reindex.ts';

export interface ReindexPlace {
  pool: Pool;
  definitions: Definitions;
  indexer: Indexer;
  log: Log;
  onError(error: unknown): void;
}

/** Starts it; resolves as soon as it is known what must not be answered yet. */
export function startIndexing({ pool, definitions, indexer, log, onError }: ReindexPlace): Promise<Reindex> {
  return startReindex({
    pool,
    wanted: {
      version: formsVersion(definitions),
      types: definitions.resourceTypes,
      forms: (type) => indexForms(definitions, type),
      pending: (type, made) => pendingForms(definitions, type, made),
    },
    indexOf: indexer.indexOf,
    onProgress: (type, rows) =>
      rows === null ? log.info('indexing again', { type }) : log.info('indexed again', { type, rows }),
    onError,
  });
}
