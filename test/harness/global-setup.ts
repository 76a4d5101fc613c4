import { endDeadRuns, newRunFolder } from './cluster.ts';

export default async function globalSetup(): Promise<void> {
  await endDeadRuns();
  process.env.TANDEM_TEST_RUN = newRunFolder();
}
