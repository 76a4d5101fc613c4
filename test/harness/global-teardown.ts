import { endRun } from './cluster.ts';

export default async function globalTeardown(): Promise<void> {
  const folder = process.env.TANDEM_TEST_RUN;
  if (folder !== undefined) await endRun(folder);
}
