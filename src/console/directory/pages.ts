/** The pages of the directory, as rows of the one list of pages. */
import type { Role } from '../../governance/types.ts';
import type { ConsolePage } from '../sections.ts';
import { clientForm, clientPosted, clientsPage, oneClientPage, oneClientPosted } from './clients.ts';
import { changeForm, formPosted, newForm } from './edit.ts';
import { importForm, importPosted, previewPage, previewPosted } from './import-pages.ts';
import { coverForm, coverPosted, endPosted, handPosted, movementsPage, movementsPosted, workPage } from './leavers.ts';
import { directoryPage, entryPage } from './list.ts';

const KEEPERS: readonly Role[] = ['ig-officer', 'caldicott-guardian', 'sysadmin'];
const IMPORTERS: readonly Role[] = [...KEEPERS, 'admin'];
const READERS: readonly Role[] = [...IMPORTERS, 'team-lead', 'service-lead'];

export const DIRECTORY_PAGES: readonly ConsolePage[] = [
  { path: '/console/directory', show: directoryPage, menu: 'Who is who', roles: READERS },
  {
    path: '/console/directory/import',
    show: importForm,
    send: importPosted,
    upload: true,
    menu: 'Import',
    roles: IMPORTERS,
  },
  { path: '/console/directory/import/:look', show: previewPage, send: previewPosted },
  { path: '/console/directory/add/:kind', show: newForm, send: formPosted },
  { path: '/console/directory/entry/:kind/:look', show: entryPage },
  { path: '/console/directory/entry/:kind/:look/change', show: changeForm, send: formPosted },
  { path: '/console/directory/entry/:kind/:look/end', send: endPosted },
  { path: '/console/open-work/:look', show: workPage, send: handPosted },
  { path: '/console/cover', show: coverForm, send: coverPosted, menu: 'Cover', roles: ['admin'] },
  { path: '/console/clients', show: clientsPage, menu: 'System clients', roles: KEEPERS },
  { path: '/console/clients/register', show: clientForm, send: clientPosted },
  { path: '/console/clients/:look', show: oneClientPage, send: oneClientPosted },
  {
    path: '/console/movements',
    show: movementsPage,
    send: movementsPosted,
    menu: 'Joiners and leavers',
    roles: KEEPERS,
  },
];
