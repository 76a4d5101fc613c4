/** The first command a newcomer copies works as it stands, wherever the data lies and whatever the port is. */
import { resolve } from 'node:path';
import { expect, test } from '@jest/globals';
import { banner } from '../../src/banner.ts';
import { loadConfig } from '../../src/config.ts';

test.each([
  [{}, 8080, '$(npm run --silent token -- hv-system)'],
  [{}, 8224, '$(npm run --silent token -- hv-system --base http://127.0.0.1:8224)'],
  [{ DATA_DIR: '/srv/tandem' }, 8080, '$(DATA_DIR=/srv/tandem npm run --silent token -- hv-system)'],
  [{ DATA_DIR: "/srv/it's mine" }, 8080, `$(DATA_DIR='/srv/it'\\''s mine' npm run --silent token -- hv-system)`],
  [{ DATA_DIR: resolve('data') }, 8080, '$(npm run --silent token -- hv-system)'],
])('with %j on port %i the curl asks for %s', (environment, port, command) => {
  const base = `http://127.0.0.1:${port}/fhir/R4`;
  const text = banner({ config: loadConfig(environment), base, seconds: 1 });
  expect(text).toContain(`curl -s -H "Authorization: Bearer ${command}" '${base}/Patient?_count=2'`);
});
