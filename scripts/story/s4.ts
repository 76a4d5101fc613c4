import type { World } from './world.ts';
export async function s4(_world: World): Promise<void> {}
