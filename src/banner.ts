/** What a person sees when the service is ready. */
import { resolve } from 'node:path';
import type { Config } from './config/types.ts';
import { DEMO_IDENTITIES } from './identity/identities.ts';

/** A short text for standard output. `seconds` since the start. */
export function banner(ready: { config: Config; base: string; seconds: number }): string {
  const { config, base, seconds } = ready;
  const root = base.slice(0, -'/fhir/R4'.length);
  const lines = [
    `Tandem is ready (${config.mode}, ${seconds.toFixed(1)} s)`,
    `  FHIR base  ${base}`,
    config.mode === 'production' && config.signIn === null
      ? '  Console    closed: no sign-in provider is set (OIDC_ISSUER)'
      : `  Console    ${root}/console`,
  ];
  if (config.mode === 'production') return `${lines.join('\n')}\n`;
  const port = base === `http://127.0.0.1:8080/fhir/R4` ? '' : ` --base ${root}`;
  // Tokens are signed with the keys in the data folder: those of another folder would be refused.
  const folder = config.dataDir === resolve('data') ? '' : `DATA_DIR=${shellWord(config.dataDir)} `;
  return `${[
    ...lines,
    `  Identities ${[...DEMO_IDENTITIES.keys()].join(', ')}`,
    '',
    `  curl -s -H "Authorization: Bearer $(${folder}npm run --silent token -- hv-system${port})" '${base}/Patient?_count=2'`,
  ].join('\n')}\n`;
}

function shellWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
