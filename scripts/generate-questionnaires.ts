/** Writes `profiles/questionnaires/*.json` from the instrument tables: `node scripts/generate-questionnaires.ts`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { QUESTIONNAIRES } from '../src/care/questionnaires/all.ts';

const folder = new URL('../profiles/questionnaires/', import.meta.url);
mkdirSync(folder, { recursive: true });
for (const questionnaire of QUESTIONNAIRES) {
  writeFileSync(new URL(`${questionnaire.id}.json`, folder), `${JSON.stringify(questionnaire, null, 2)}\n`);
}
