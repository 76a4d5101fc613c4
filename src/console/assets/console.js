// Pages work without this; with it, errors get the focus and long texts are counted while typing.
import { initAll } from './nhsuk.js';

document.body.classList.add('js-enabled', 'nhsuk-frontend-supported');
initAll();
