import { textsOf } from '../../i18n/i18n.js';

export const table = {
  en: {
    partsLabel: 'Parts of the configuration',
    cluster: 'Cluster',
    modules: 'Modules',
    users: 'Users and tokens',
    https: 'HTTPS',
    adminOnly: 'The configuration is for the role Admin.',
    firstTitle: 'Configuring takes an administrator',
    firstIntro: 'No user exists yet. As the owner of the daemon, make the first one on this machine:',
    firstOpen:
      'It prints a link that is good once. Open it in this browser and choose a password: then the cluster is set up here.',
  },
  fr: {
    partsLabel: 'Parties de la configuration',
    cluster: 'Cluster',
    modules: 'Modules',
    users: 'Utilisateurs et jetons',
    https: 'HTTPS',
    adminOnly: 'La configuration est réservée au rôle Administration.',
    firstTitle: 'Pour configurer, il faut un administrateur',
    firstIntro: "Aucun utilisateur n'existe encore. En tant que propriétaire du démon, créez le premier sur cette machine :",
    firstOpen:
      'La commande affiche un lien valable une fois. Ouvrez-le dans ce navigateur et choisissez un mot de passe : le cluster se configure ensuite ici.',
  },
} as const;
export const configurationTexts = textsOf(table);
