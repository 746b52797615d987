/** Names of elements and attributes for people; what has none here is shown as it is written. */
import { language } from '../../i18n/i18n.js';
import type { Language } from '../../i18n/languages.js';

/** Of elements by path below `safe/service`, of attributes by name, or by the element's last name and theirs. */
export const names: Readonly<
  Record<Language, { readonly elements: Readonly<Record<string, string>>; readonly attributes: Readonly<Record<string, string>> }>
> = {
  en: {
    elements: {
      ...{
        service: 'Module',
        farm: 'Networks of the farm',
        'farm/lan': 'Network',
        heart: 'Heartbeats',
        'heart/heartbeat': 'Heartbeat',
      },
      ...{
        errd: 'Watching of processes',
        'errd/proc': 'Process or service',
        check: 'Checkers',
        'check/tcp': 'TCP checker',
        'check/ping': 'Ping checker',
      },
      ...{
        'check/intf': 'Interface checker',
        'check/ip': 'Address checker',
        'check/custom': 'Custom checker',
        'check/module': 'Module checker',
      },
      ...{
        'check/splitbrain': 'Split-brain checker',
        'check/http': 'HTTP checker',
        'check/systemd': 'systemd checker',
        to: 'What is tested',
        param: 'Parameter',
      },
      ...{
        vip: 'Virtual addresses',
        'vip/interface_list': 'Interfaces',
        'vip/interface_list/interface': 'Network interface',
        virtual_interface: 'Virtual interface',
      },
      ...{
        real_interface: 'Real interface',
        virtual_addr: 'Virtual address',
        'vip/loadbalancing_list': 'Load balancing',
        'vip/loadbalancing_list/group': 'Group of rules',
      },
      ...{
        rule: 'Load-balancing rule',
        'group/cluster': 'Weights of nodes',
        host: 'Node',
        failover: 'Failover rules',
        user: 'Scripts',
        'user/var': 'Variable',
      },
      ...{
        vhost: 'Virtual host names',
        virtualhostname: 'Virtual host name',
        ready: 'Health probe',
        rfs: 'Replicated directories',
        replicated: 'Replicated directory',
        macro: 'Macro',
      },
    },
    attributes: {
      ...{
        name: 'Name',
        value: 'Value',
        addr: 'Address',
        port: 'Port',
        mode: 'Mode',
        boot: 'Start at boot',
        boot_delay: 'Delay at boot',
        maxloop: 'Restarts before it is stopped',
      },
      ...{
        loop_interval: 'Counted within',
        'lan@name': 'Network',
        'heartbeat@name': 'Network',
        ident: 'Identity',
        interval: 'Interval',
        timeout: 'Timeout',
        when: 'When',
        action: 'What follows',
      },
      ...{
        grace: 'Failures that are forgiven',
        service: 'A service',
        class: 'When it is watched',
        atleast: 'At least',
        atmax: 'Too many from',
        argregex: 'Command line (expression)',
        nameregex: 'Name (expression)',
      },
      ...{
        polltimer: 'Looked at every',
        settle: 'May be missing for',
        start_after: 'Begins later by',
        restart_services: 'Services to restart',
        exec: 'Executable',
        arg: 'Arguments',
        url: 'URL',
      },
      ...{
        local_addr: 'Address on this node',
        secure: 'With HTTPS',
        virtual_addr: 'Virtual address',
        proto: 'Protocol',
        filter: 'Shared by',
        netmask: 'Network mask',
        power: 'Weight',
        type: 'Type',
      },
      ...{
        handle_time: 'Must hold for',
        extends: 'Beside the default rules',
        period: 'Period',
        nicestoptimeout: 'Time for a stop script',
        forcestoptimeout: 'Time for a forced stop',
        starttimeout: 'Time for a start script',
      },
      ...{
        logging: 'Output of scripts',
        userlogsize: 'Size of a log in KB',
        drain: 'Drain before a stop',
        failover: 'Automatic failover',
        defaultprim: 'Default primary',
        automatic_reboot: 'Reboot instead of stopstart',
      },
      ...{
        preset: 'Preset',
        pulse: 'Pulse',
        slost_count: 'Pulses until a lan is lost',
        mlost_count: 'Pulses until a leader is replaced',
        'lans@port': 'UDP port',
        check: 'Watched',
        tcpreset: 'Reset connections',
        unit: 'Unit',
      },
    },
  },
  fr: {
    elements: {
      ...{
        service: 'Module',
        farm: 'Réseaux de la ferme',
        'farm/lan': 'Réseau',
        heart: 'Battements',
        'heart/heartbeat': 'Battement',
      },
      ...{
        errd: 'Surveillance des processus',
        'errd/proc': 'Processus ou service',
        check: 'Vérificateurs',
        'check/tcp': 'Vérificateur TCP',
        'check/ping': 'Vérificateur ping',
      },
      ...{
        'check/intf': "Vérificateur d'interface",
        'check/ip': "Vérificateur d'adresse",
        'check/custom': 'Vérificateur personnalisé',
        'check/module': 'Vérificateur de module',
      },
      ...{
        'check/splitbrain': 'Vérificateur de partition',
        'check/http': 'Vérificateur HTTP',
        'check/systemd': 'Vérificateur systemd',
        to: 'Ce qui est testé',
        param: 'Paramètre',
      },
      ...{
        vip: 'Adresses virtuelles',
        'vip/interface_list': 'Interfaces',
        'vip/interface_list/interface': 'Interface réseau',
        virtual_interface: 'Interface virtuelle',
      },
      ...{
        real_interface: 'Interface réelle',
        virtual_addr: 'Adresse virtuelle',
        'vip/loadbalancing_list': 'Répartition de charge',
        'vip/loadbalancing_list/group': 'Groupe de règles',
      },
      ...{
        rule: 'Règle de répartition',
        'group/cluster': 'Poids des nœuds',
        host: 'Nœud',
        failover: 'Règles de basculement',
        user: 'Scripts',
        'user/var': 'Variable',
      },
      ...{
        vhost: "Noms d'hôte virtuels",
        virtualhostname: "Nom d'hôte virtuel",
        ready: 'Sonde de santé',
        rfs: 'Répertoires répliqués',
        replicated: 'Répertoire répliqué',
        macro: 'Macro',
      },
    },
    attributes: {
      ...{
        name: 'Nom',
        value: 'Valeur',
        addr: 'Adresse',
        port: 'Port',
        mode: 'Mode',
        boot: 'Démarrage au boot',
        boot_delay: 'Délai au boot',
        maxloop: "Redémarrages avant l'arrêt",
      },
      ...{
        loop_interval: 'Comptés pendant',
        'lan@name': 'Réseau',
        'heartbeat@name': 'Réseau',
        ident: 'Identité',
        interval: 'Intervalle',
        timeout: 'Délai de réponse',
        when: 'Quand',
        action: 'Ce qui suit',
      },
      ...{
        grace: 'Échecs tolérés',
        service: 'Est un service',
        class: 'Quand il est surveillé',
        atleast: 'Au moins',
        atmax: 'Trop à partir de',
        argregex: 'Ligne de commande (expression)',
        nameregex: 'Nom (expression)',
      },
      ...{
        polltimer: 'Examinés toutes les',
        settle: 'Peut manquer pendant',
        start_after: 'Commence plus tard de',
        restart_services: 'Services à redémarrer',
        exec: 'Exécutable',
        arg: 'Arguments',
        url: 'URL',
      },
      ...{
        local_addr: 'Adresse sur ce nœud',
        secure: 'En HTTPS',
        virtual_addr: 'Adresse virtuelle',
        proto: 'Protocole',
        filter: 'Réparti selon',
        netmask: 'Masque de réseau',
        power: 'Poids',
        type: 'Type',
      },
      ...{
        handle_time: 'Doit durer',
        extends: 'En plus des règles par défaut',
        period: 'Période',
        nicestoptimeout: "Temps d'un script d'arrêt",
        forcestoptimeout: "Temps d'un arrêt forcé",
        starttimeout: "Temps d'un script de démarrage",
      },
      ...{
        logging: 'Sortie des scripts',
        userlogsize: "Taille d'un journal en Ko",
        drain: "Vidange avant l'arrêt",
        failover: 'Basculement automatique',
        defaultprim: 'Primaire par défaut',
        automatic_reboot: 'Redémarrer la machine au lieu de stopstart',
      },
      ...{
        preset: 'Réglage',
        pulse: 'Impulsion',
        slost_count: "Impulsions avant la perte d'un réseau",
        mlost_count: "Impulsions avant le remplacement d'un meneur",
        'lans@port': 'Port UDP',
        check: 'Surveillé',
        tcpreset: 'Couper les connexions',
        unit: 'Unité',
      },
    },
  },
};
/** Of an element: by its path below `safe/service`, or by its own name. */
export function elementName(path: string): string {
  const table = names[language.value].elements;
  const inside = path.replace(/^safe\/(?:service\/)?/, '');
  const parts = inside.split('/');
  for (const part of parts.keys()) {
    const found = table[parts.slice(part).join('/')];
    if (found !== undefined) return found;
  }
  return parts.at(-1) ?? path;
}
/** Of an attribute. */
export function attributeName(path: string, attribute: string): string {
  const table = names[language.value].attributes;
  return table[`${path.split('/').at(-1)}@${attribute}`] ?? table[attribute] ?? attribute;
}
