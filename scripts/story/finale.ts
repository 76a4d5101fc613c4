import type { World } from './world.ts';
export async function finale(_world: World): Promise<void> {}
