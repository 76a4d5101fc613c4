/** Preloaded (`node --import`): says once on stderr when the package of the built-in sign-in provider is loaded. */
import { registerHooks } from 'node:module';

let told = false;
registerHooks({
  load(url, context, nextLoad) {
    if (!told && url.includes('/node_modules/oidc-provider/')) {
      told = true;
      process.stderr.write('LOADED oidc-provider\n');
    }
    return nextLoad(url, context);
  },
});
