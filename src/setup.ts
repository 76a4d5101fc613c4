/**
 * `npm run setup [-- people.json]`: makes the first two administrators of a production installation. Asks on the
 * terminal, or reads a file. A key that is made here is printed once and kept nowhere; whoever brings a public key of
 * her own is printed nothing. Refuses when anybody is in the directory. Nothing else makes identities in production.
 */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { buildApp } from './app.ts';
import { loadConfig } from './config.ts';
import {
  type Administrator,
  codeOf,
  type FirstPeople,
  named,
  ODS_CODE,
  readWanted,
  resourcesFor,
  SetupError,
  USER_ID,
  type Wanted,
  wantedFrom,
} from './identity/setup-people.ts';
import { createLog } from './log.ts';
import { hasPeople, makeFirstAdministrators } from './record/first-administrators.ts';
import { ensureDatabase } from './store/embedded/ensure-database.ts';
import { registerClient } from './store/identity.ts';
import { migrate } from './store/migrate.ts';
import { openPool } from './store/pool.ts';

const SCOPES = ['user/*.cruds'];

async function main(file: string | undefined): Promise<string> {
  const config = loadConfig(process.env);
  if (config.mode !== 'production') {
    throw new SetupError('The setup is for MODE=production; the other modes have identities of their own.');
  }
  const log = createLog('error', config.mode);
  const database = await ensureDatabase(config, log);
  await migrate(database.ownerUrl);
  const owner = openPool(database.ownerUrl, 1);
  try {
    // Asked before anybody types a name; decided again inside the write.
    if (await hasPeople(owner)) throw new SetupError('There are people in the directory already; nothing was done.');
    const wanted = file === undefined ? await askFor() : readWanted(readFileSync(file, 'utf8'));
    const app = await buildApp({
      config,
      serviceUrl: database.serviceUrl,
      port: config.port,
      log,
      waitingFor: () => null,
    });
    try {
      const people = resourcesFor(wanted, new Date().toISOString().slice(0, 10));
      const printed = [];
      // Keys first: without their people in the directory they open nothing, and people without keys could never sign in.
      for (const [i, administrator] of wanted.administrators.entries()) {
        printed.push(await register(owner, { administrator, people, role: people.roles[i === 0 ? 0 : 1] }));
      }
      await makeFirstAdministrators(app.door, people.resources);
      return printed.join('\n');
    } finally {
      await app.close();
    }
  } finally {
    await owner.end();
    await database.release();
  }
}

interface Registration {
  administrator: Administrator;
  people: FirstPeople;
  role: string;
}

/** Registers her key and gives what is to be printed for her. */
async function register(
  owner: ReturnType<typeof openPool>,
  { administrator, people, role }: Registration,
): Promise<string> {
  const { given, family, publicKey } = administrator;
  const made = publicKey === null ? generateKeyPairSync('ec', { namedCurve: 'P-384' }) : null;
  const [clientId, kid] = [randomUUID(), randomUUID()];
  await registerClient(owner, {
    clientId,
    name: `${given} ${family}`,
    org: people.organization,
    person: role,
    scopes: SCOPES,
    introspects: false,
    ended: null,
    keys: [{ kid, jwk: { ...(made?.publicKey.export({ format: 'jwk' }) ?? publicKey), kid }, expires: null }],
  });
  const about = {
    name: `${given} ${family}`,
    fhirUser: role,
    client_id: clientId,
    kid,
    alg: made === null ? undefined : 'ES384',
  };
  const secret = made === null ? {} : { privateKey: { ...made.privateKey.export({ format: 'jwk' }), kid } };
  return JSON.stringify({ ...about, ...secret });
}

/** Asks on the terminal, again after an answer that cannot be; lines that are piped in are taken once. */
async function askFor(): Promise<Wanted> {
  const isTerminal = process.stdin.isTTY === true;
  const terminal = createInterface({ input: process.stdin, output: process.stderr, terminal: isTerminal });
  const lines = terminal[Symbol.asyncIterator]();
  const ask = async <T>(words: string, read: (answer: string) => T): Promise<T> => {
    for (;;) {
      process.stderr.write(`${words}: `);
      const { value, done } = await lines.next();
      if (done === true) throw new SetupError(`${isTerminal ? '' : NO_ANSWERS}Nothing was done.`);
      try {
        return read(value);
      } catch (error) {
        if (!isTerminal || !(error instanceof SetupError)) throw error;
        process.stderr.write(`${error.message}\n`);
      }
    }
  };
  try {
    const organization = await ask('Name of the organisation', (answer) => named(answer, 'organisation'));
    const odsCode = await ask('Its ODS code (or nothing)', (answer) => codeOf(answer, 'ODS code', ODS_CODE));
    const people: Administrator[] = [];
    for (const which of ['First', 'Second']) {
      const given = await ask(`${which} administrator, given name`, (answer) => named(answer, 'given name'));
      const family = await ask(`${which} administrator, family name`, (answer) => named(answer, 'family name'));
      const words = `${which} administrator, user id for signing in to the console (or nothing)`;
      const userId = await ask(words, (answer) => codeOf(answer, 'user id', USER_ID));
      people.push({ given, family, userId, publicKey: null });
    }
    return wantedFrom({ organization, odsCode }, people);
  } finally {
    terminal.close();
  }
}

const NO_ANSWERS = 'The answers ended too early. Name a file (npm run setup -- people.json) or answer on a terminal. ';

if (import.meta.main) {
  try {
    const printed = await main(process.argv[2]);
    process.stdout.write(`${printed}\n`);
    process.stderr.write(
      'Two administrators were made. Each line above is for one of them alone; private keys are shown this once and kept nowhere.\n',
    );
  } catch (error) {
    // A stack or a database's message may hold more than belongs on a terminal.
    process.stderr.write(`${error instanceof Error ? error.message : 'The setup failed.'}\n`);
    process.exitCode = 1;
  }
}
