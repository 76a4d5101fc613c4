import type { World } from './world.ts';
export async function s6(_world: World): Promise<void> {}
