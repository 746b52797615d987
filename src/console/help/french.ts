/**
 * The help of the configuration in French: the English text as src/config has it, then the French one. XML names and words in
 * backticks stay. `{from}` and `{to}` are the ends of a range in numbers: one text for all ranges.
 */
export const french: Readonly<Record<string, string>> = {
  // cluster.xml
  'The nodes and the networks between them; the same file on all nodes.':
    'Les nœuds et les réseaux qui les relient ; le même fichier sur tous les nœuds.',
  'The networks, and how soon a silent node counts as lost.':
    'Les réseaux, et le délai après lequel un nœud silencieux est considéré comme perdu.',
  'UDP port of the membership protocol.': "Port UDP du protocole d'appartenance au cluster.",
  'Defaults of the next three: `lan` 100 ms, 5, 8; `fast` 25 ms, 5, 8 for one quiet network; `wan` 500 ms, 8, 12 between sites. Values that are given win.':
    'Valeurs par défaut des trois suivants : `lan` 100 ms, 5, 8 ; `fast` 25 ms, 5, 8 pour un seul réseau calme ; `wan` 500 ms, 8, 12 entre sites. Les valeurs données ont la priorité.',
  'Time between two packets to each node. Longer saves bandwidth and finds failures later.':
    'Temps entre deux paquets vers chaque nœud. Plus long, il économise la bande passante et retarde la détection des pannes.',
  'Pulses without a packet after which a node is lost on a lan. More forgives a lossy network and finds failures later. Compatible products start from 10.':
    'Impulsions sans paquet après lesquelles un nœud est perdu sur un réseau. Une valeur plus grande tolère un réseau qui perd des paquets et retarde la détection des pannes. Les produits compatibles partent de 10.',
  'Pulses after which a leader that went silent is replaced. Compatible products start from 20.':
    'Impulsions après lesquelles un meneur devenu silencieux est remplacé. Les produits compatibles partent de 20.',
  'A network that joins the nodes. More than one is recommended; at least one must have all nodes.':
    "Un réseau qui relie les nœuds. Il est recommandé d'en avoir plusieurs ; l'un au moins doit contenir tous les nœuds.",
  'Name by which modules refer to the network.': 'Nom par lequel les modules désignent le réseau.',
  'Carries distributed commands. At most one lan, and that one must have all nodes; if none is `on`, the first lan that has all nodes is taken.':
    "Transporte les commandes distribuées. Un réseau au plus, qui doit contenir tous les nœuds ; si aucun n'est `on`, le premier réseau qui contient tous les nœuds est pris.",
  'Of older versions.': "Vient d'anciennes versions.",
  'A server with its address on this network. The order of the nodes is the order of leadership.':
    "Un serveur et son adresse sur ce réseau. L'ordre des nœuds est celui dans lequel ils deviennent meneur.",
  'Identity of the node: the same on every lan, and unique in each.':
    'Identité du nœud : la même sur tous les réseaux, et unique dans chacun.',
  'Address as the other nodes see it (the outer one behind NAT). Addresses are better than names.':
    "Adresse telle que la voient les autres nœuds (l'adresse externe derrière un NAT). Une adresse vaut mieux qu'un nom.",
  'Local address, only where it differs from `addr` because of NAT.':
    "Adresse locale, seulement si elle diffère de `addr` à cause d'un NAT.",

  // userconfig.xml
  'Every `%NAME%` after it is replaced by the value. It stands under `<safe>`, or before it.':
    'Chaque `%NAME%` qui suit est remplacé par la valeur. Se place sous `<safe>`, ou avant.',
  'Name.': 'Nom.',
  'Text that replaces it; may be empty.': 'Texte de remplacement ; peut être vide.',
  'A module.': 'Un module.',
  'The module.': 'Le module.',
  '`farm`: two or more nodes serve; `mirror`: one of two nodes serves; `light`: one node, alone.':
    '`farm` : deux nœuds ou plus servent ; `mirror` : un nœud sur deux sert ; `light` : un seul nœud.',
  'At boot: `on` starts it, `off` does not, `auto` starts it if it ran before, `ignore` leaves it to the command `boot -m AM on|off`.':
    "Au boot : `on` le démarre, `off` ne le démarre pas, `auto` le démarre s'il tournait auparavant, `ignore` laisse le choix à la commande `boot -m AM on|off`.",
  'Wait before it is started at boot.': 'Attente avant son démarrage au boot.',
  '`off`: the secondary does not become primary by itself.': '`off` : le secondaire ne devient pas primaire de lui-même.',
  'Which node is primary when both run: `alone` the one that was alone, `lastprim` the one that was primary last, or the name of a node.':
    "Quel nœud est primaire quand les deux tournent : `alone` celui qui était seul, `lastprim` le dernier à avoir été primaire, ou le nom d'un nœud.",
  'Automatic restarts inside `loop_interval` before the module is stopped.':
    "Redémarrages automatiques pendant `loop_interval` avant l'arrêt du module.",
  'Window in which automatic restarts are counted; 0: not counted.':
    'Période pendant laquelle les redémarrages automatiques sont comptés ; 0 : non comptés.',
  '`on`: an automatic stopstart reboots the machine instead.': '`on` : un stopstart automatique redémarre la machine à la place.',
  'Networks of the farm.': 'Réseaux de la ferme.',
  'UDP port.': 'Port UDP.',
  'As in cluster.xml, for this module.': 'Comme dans cluster.xml, pour ce module.',
  'A lan that the farm uses.': 'Un réseau utilisé par la ferme.',
  'Name of the lan in cluster.xml.': 'Nom du réseau dans cluster.xml.',
  'Of versions before 7.2.': 'Vient de versions antérieures à 7.2.',
  'Address.': 'Adresse.',
  'Heartbeats between the two nodes of a mirror.': "Battements entre les deux nœuds d'un miroir.",
  'Time between two heartbeats.': 'Temps entre deux battements.',
  'Silence after which the other node counts as lost.': "Silence après lequel l'autre nœud est considéré comme perdu.",
  'Keep the ARP entries of the other node.': "Garde les entrées ARP de l'autre nœud.",
  'A lan over which the two nodes hear each other.': "Un réseau par lequel les deux nœuds s'entendent.",
  'Label; its resource is `heartbeat.<ident>`. `flow`: replication uses this lan too.':
    'Étiquette ; sa ressource est `heartbeat.<ident>`. `flow` : la réplication utilise aussi ce réseau.',
  'As in `<heart>`, for this lan.': 'Comme dans `<heart>`, pour ce réseau.',
  'The health probe `ready.txt` of load balancers.': 'La sonde de santé `ready.txt` des répartiteurs de charge.',
  'On a planned stop the probe answers 404 for this long while the application goes on; `auto`: until the balancers that ask have noticed.':
    "Lors d'un arrêt planifié, la sonde répond 404 pendant ce temps alors que l'application continue ; `auto` : jusqu'à ce que les répartiteurs qui l'interrogent l'aient remarqué.",
  'Virtual addresses in one subnet. Left out in a cloud, where the balancer has the address.':
    "Adresses virtuelles d'un sous-réseau. À omettre dans un nuage, où le répartiteur a l'adresse.",
  'Resets the connections of an address before it goes.': "Coupe les connexions d'une adresse avant son retrait.",
  'Scripts open and close the traffic.': 'Des scripts ouvrent et ferment le trafic.',
  'The interfaces.': 'Les interfaces.',
  'A network interface that carries virtual addresses.': 'Une interface réseau qui porte des adresses virtuelles.',
  'Watches it: checker `intf.<network>`, then wait. Not with bonding.':
    'La surveille : vérificateur `intf.<network>`, puis wait. Pas avec le bonding.',
  'Sends gratuitous ARP for the addresses (IPv4).': 'Envoie des ARP gratuits pour les adresses (IPv4).',
  'Time between two of them.': 'Temps entre deux envois.',
  'How long they are sent.': 'Durée pendant laquelle ils sont envoyés.',
  'Name of the interface, for example bond0.': "Nom de l'interface, par exemple bond0.",
  'Addresses on a virtual MAC.': 'Adresses sur une adresse MAC virtuelle.',
  'How the nodes share what arrives.': 'Comment les nœuds se partagent ce qui arrive.',
  'Unicast MAC; not used with vmac_directed.': 'Adresse MAC unicast ; inutilisée avec vmac_directed.',
  'A virtual address.': 'Une adresse virtuelle.',
  'The address.': "L'adresse.",
  'farm: `alias`, on all UP nodes; mirror: `one_side_alias` on the serving node, `one_side` there as the first address of the interface.':
    "farm : `alias`, sur tous les nœuds UP ; mirror : `one_side_alias` sur le nœud qui sert, `one_side` au même endroit comme première adresse de l'interface.",
  'Watches it: checker `ip.<addr>`, then stopstart.': 'La surveille : vérificateur `ip.<addr>`, puis stopstart.',
  'Counts active connections into the resource `connections.<addr>`.':
    'Compte les connexions actives dans la ressource `connections.<addr>`.',
  'Mask, needed where the interface has several.': "Masque, nécessaire quand l'interface en a plusieurs.",
  'Addresses on the real MAC.': "Adresses sur l'adresse MAC réelle.",
  'The groups.': 'Les groupes.',
  'Rules that share one distribution.': 'Règles qui partagent une même répartition.',
  'Name; the resource is `<name>_<n>`.': 'Nom ; la ressource est `<name>_<n>`.',
  'Nodes of the group; left out: all, equally.': 'Nœuds du groupe ; omis : tous, à parts égales.',
  'A node with its weight.': 'Un nœud et son poids.',
  'Name of the node.': 'Nom du nœud.',
  'Its weight against the others; 0: no traffic.': 'Son poids par rapport aux autres ; 0 : aucun trafic.',
  'What traffic is shared, and by what. Traffic to a virtual address that no rule matches is refused.':
    'Quel trafic est réparti, et selon quoi. Le trafic vers une adresse virtuelle qui ne correspond à aucune règle est refusé.',
  'Virtual address.': 'Adresse virtuelle.',
  'Destination port.': 'Port de destination.',
  'Protocol; `arp` shares the answers to ARP requests, with `on_addr` only.':
    'Protocole ; `arp` répartit les réponses aux requêtes ARP, avec `on_addr` seulement.',
  'Shared by address of the client, by its port, or by the identification field of IP (UDP only).':
    "Réparti selon l'adresse du client, selon son port, ou selon le champ identification d'IP (UDP seulement).",
  'Replicated directories.': 'Répertoires répliqués.',
  'Suffix of the directory under the mount point (Linux).': 'Suffixe du répertoire placé sous le point de montage (Linux).',
  'Replicates access control lists.': "Réplique les listes de contrôle d'accès.",
  '`second`: the secondary answers before it writes to disk; `none`: after.':
    "`second` : le secondaire répond avant d'écrire sur disque ; `none` : après.",
  'Largest packet of replication in bytes (Linux).': 'Taille maximale en octets des paquets de réplication (Linux).',
  'Largest packet of reintegration in bytes.': 'Taille maximale en octets des paquets de réintégration.',
  'Zone of the bitmaps of changes in bytes; a multiple of `reipacketsize`.':
    'Taille en octets des zones des bitmaps de modifications ; un multiple de `reipacketsize`.',
  'A write that is not replicated in this time makes the primary go on alone (Windows).':
    "Si une écriture n'est pas répliquée dans ce délai, le primaire continue seul (Windows).",
  'What a write on the secondary does: `0x10` it is logged, `0x10000` the module is stopped too (Windows).':
    "Effet d'une écriture sur le secondaire : `0x10` elle est inscrite au journal, `0x10000` le module est aussi arrêté (Windows).",
  'A request that is not served in this time makes the primary go on alone.':
    "Si une requête n'est pas servie dans ce délai, le primaire continue seul.",
  'A packet that is not sent in this time makes the primary go on alone.':
    "Si un paquet n'est pas envoyé dans ce délai, le primaire continue seul.",
  'Files that are reintegrated at the same time.': 'Fichiers réintégrés en même temps.',
  '`0` whole files; `1` zones, not after a reboot (Windows); `3` zones also then; `4` and an interrupted copy goes on where it was.':
    '`0` fichiers entiers ; `1` zones, sauf après un redémarrage de la machine (Windows) ; `3` zones dans ce cas aussi ; `4` de plus, une copie interrompue reprend où elle en était.',
  'Time for a request of reintegration.': "Délai d'une requête de réintégration.",
  'Commit every n packets while a file is copied; 0: not (Linux).':
    "Commit tous les n paquets pendant la copie d'un fichier ; 0 : aucun (Linux).",
  'Detailed log of reintegration.': 'Journal détaillé de la réintégration.',
  'Size in GB from which files are allocated in advance; 0: not (Windows).':
    "Taille en Go à partir de laquelle l'espace des fichiers est alloué d'avance ; 0 : jamais (Windows).",
  'Connections between the nodes.': 'Connexions entre les nœuds.',
  'Time for the request that tests the file system (Linux).': 'Délai de la requête qui teste le système de fichiers (Linux).',
  'Time between two of them (Linux).': 'Temps entre deux de ces requêtes (Linux).',
  '`cross`: follows mount points (Windows).': '`cross` : suit les points de montage (Windows).',
  'Calls the `_rfs_*` scripts.': 'Appelle les scripts `_rfs_*`.',
  'Most KB/s of reintegration.': 'Débit maximal de la réintégration en Ko/s.',
  'A node that is not up to date may become primary if it was synchronised less long ago than this; up to 1: never.':
    "Un nœud qui n'est pas à jour peut devenir primaire s'il a été synchronisé il y a moins longtemps que cela ; jusqu'à 1 : jamais.",
  'Schedule of synchronisation, as crontab or schtasks write it.':
    'Planification de la synchronisation, dans la syntaxe de crontab ou de schtasks.',
  'A directory that is kept the same on both nodes.': 'Un répertoire maintenu identique sur les deux nœuds.',
  'Absolute path.': 'Chemin absolu.',
  '`read_only`: cannot be written on the secondary.': "`read_only` : l'écriture y est impossible sur le secondaire.",
  'Something in the directory that is not replicated: a path, or an expression.':
    "Un élément du répertoire qui n'est pas répliqué : un chemin, ou une expression.",
  'Path inside the directory.': 'Chemin dans le répertoire.',
  'Expression on paths; after `!` only what matches is replicated.':
    'Expression sur les chemins ; après `!`, seul ce qui correspond est répliqué.',
  'Something in the directory that must be there before replication begins.':
    'Un élément du répertoire qui doit être présent avant que la réplication commence.',
  'Lan of replication, of older versions; now `<heartbeat ident="flow">`.':
    'Réseau de réplication, dans d\'anciennes versions ; désormais `<heartbeat ident="flow">`.',
  'Name of the lan.': 'Nom du réseau.',
  'The module has scripts. Without it none is run.': "Le module a des scripts. Sans cet élément, aucun n'est exécuté.",
  'Time for a stop script; then it is ended, and the forced call follows.':
    "Délai d'un script d'arrêt ; ensuite il est interrompu, et l'appel forcé suit.",
  'Time for the forced call of a stop script.': "Délai de l'appel forcé d'un script d'arrêt.",
  'Time for a start script.': "Délai d'un script de démarrage.",
  '`userlog`: the output of each run goes to a file of its own; `none`: it is dropped.':
    '`userlog` : la sortie de chaque exécution va dans un fichier à part ; `none` : elle est perdue.',
  'Size of a log in KB from which it is cut when the module starts.':
    'Taille en Ko à partir de laquelle un journal est tronqué au démarrage du module.',
  'A variable in the environment of the scripts.': "Une variable de l'environnement des scripts.",
  'Name of the variable.': 'Nom de la variable.',
  'Its value; may be empty.': 'Sa valeur ; peut être vide.',
  'Virtual host names.': "Noms d'hôte virtuels.",
  'A host name that scripts and the application see instead of the real one.':
    "Un nom d'hôte que les scripts et l'application voient à la place du vrai.",
  'The host name.': "Le nom d'hôte.",
  'File that is written when the module is configured, relative to SAFEUSERBIN; scripts source it.':
    'Fichier écrit quand le module est configuré, relatif à SAFEUSERBIN ; les scripts le chargent (source).',
  'Where it is shown.': 'Où il est visible.',
  'Watches processes and services. The end of a process is seen at once, where the system tells; else at the next poll. Needs `<user>`.':
    "Surveille des processus et des services. La fin d'un processus est vue aussitôt là où le système la signale ; sinon à l'examen suivant. Nécessite `<user>`.",
  'Time between two looks at all processes.': 'Temps entre deux examens de tous les processus.',
  'A process or service that must (or must not) be there. Its resource is `proc.<name>`.':
    'Un processus ou un service qui doit être présent (ou absent). Sa ressource est `proc.<name>`.',
  'Name of the command (Linux: its first 15 characters) or of the service.':
    'Nom de la commande (Linux : ses 15 premiers caractères) ou du service.',
  '`yes`: the name is a systemd or Windows service.': "`yes` : le nom est celui d'un service systemd ou Windows.",
  'Expression on the name of the command; `name` then names only the resource.':
    'Expression sur le nom de la commande ; `name` ne nomme alors que la ressource.',
  'Expression on the whole command line.': 'Expression sur toute la ligne de commande.',
  'When it is watched: `prim`, `second`, `sec`, `both` after start_X until stop_X, `pre` from prestart to poststop; any other name is switched with `errd enable` and `errd disable`.':
    "Quand il est surveillé : `prim`, `second`, `sec`, `both` après start_X jusqu'à stop_X, `pre` de prestart à poststop ; tout autre nom est activé et désactivé par `errd enable` et `errd disable`.",
  'What follows: `restart`, `stopstart`, `stop`, `noaction`, or an executable, absolute or in the bin of the module: it has `nicestoptimeout`, then it is ended, which is a failure of it.':
    'Ce qui suit : `restart`, `stopstart`, `stop`, `noaction`, ou un exécutable, en chemin absolu ou dans le bin du module : il dispose de `nicestoptimeout`, puis il est interrompu, ce qui compte comme un échec.',
  'With `service="yes"` and `action="restart"`: services to restart, in the order of their start, with commas between.':
    'Avec `service="yes"` et `action="restart"` : services à redémarrer, dans l\'ordre de leur démarrage, séparés par des virgules.',
  'Fewer than this is a failure; -1: not looked at.': 'Un nombre plus petit est une défaillance ; -1 : non examiné.',
  'This many is a failure; 0: as soon as there is one; -1: not looked at.':
    "Ce nombre est une défaillance ; 0 : dès qu'il y en a un ; -1 : non examiné.",
  'Watching begins (n - 1) x polltimer later.': 'La surveillance commence (n - 1) x polltimer plus tard.',
  'How long a process may be missing that another one replaces, as when a daemon starts itself anew.':
    "Combien de temps peut manquer un processus qu'un autre remplace, comme quand un démon se relance lui-même.",
  'Checkers.': 'Vérificateurs.',
  'Connects to a TCP service.': 'Se connecte à un service TCP.',
  'Identity; the resource is `tcp.<ident>`.': 'Identité ; la ressource est `tcp.<ident>`.',
  'When it runs: after start_X until stop_X; `pre`, for a service elsewhere: from prestart to poststop.':
    "Quand il tourne : après start_X jusqu'à stop_X ; `pre`, pour un service situé ailleurs : de prestart à poststop.",
  'What follows when it is down. `wait` with `when="pre"` only, the stronger ones with the others. Rule `t_<ident>`.':
    'Ce qui suit quand la ressource est down. `wait` avec `when="pre"` seulement, les actions plus fortes avec les autres. Règle `t_<ident>`.',
  'Equal results in a row before the resource changes; the first result always counts.':
    'Résultats identiques de suite avant que la ressource change ; le premier résultat compte toujours.',
  'What is tested.': 'Ce qui est testé.',
  'Port.': 'Port.',
  'Time between the beginnings of two tests.': 'Temps entre les débuts de deux tests.',
  'Time for one test; what takes longer is down.': "Délai d'un test ; ce qui prend plus de temps est down.",
  'Pings a machine, for example the gateway.': 'Envoie un ping à une machine, par exemple la passerelle.',
  'Identity; the resource is `ping.<ident>`.': 'Identité ; la ressource est `ping.<ident>`.',
  'When it runs: after start_X until stop_X; `pre`: from prestart to poststop.':
    "Quand il tourne : après start_X jusqu'à stop_X ; `pre` : de prestart à poststop.",
  'What follows when it is down. `wait` with `when="pre"` only, the stronger ones with the others. Rule `p_<ident>`.':
    'Ce qui suit quand la ressource est down. `wait` avec `when="pre"` seulement, les actions plus fortes avec les autres. Règle `p_<ident>`.',
  'Looks whether a network interface is up; else the module waits (rule `interface_failure`).':
    "Vérifie qu'une interface réseau est active ; sinon le module attend (règle `interface_failure`).",
  'Identity; the resource is `intf.<ident>`.': 'Identité ; la ressource est `intf.<ident>`.',
  'Always from prestart to poststop.': 'Toujours de prestart à poststop.',
  'Address of the interface on this node.': "Adresse de l'interface sur ce nœud.",
  'Looks whether an address is set on this node; else stopstart (rule `ip_failure`).':
    "Vérifie qu'une adresse est configurée sur ce nœud ; sinon stopstart (règle `ip_failure`).",
  'Identity; the resource is `ip.<ident>`.': 'Identité ; la ressource est `ip.<ident>`.',
  'A checker of your own. It is started once, goes on for ever, and sets its resource with `set -r`; or, with `mode="oneshot"`, it is run again and again and says by its exit code whether all is well.':
    'Un vérificateur à vous. Il est démarré une fois, tourne sans fin et fixe sa ressource par `set -r` ; ou, avec `mode="oneshot"`, il est exécuté encore et encore et dit par son code de retour si tout va bien.',
  'Identity; the resource is `custom.<ident>`.': 'Identité ; la ressource est `custom.<ident>`.',
  'Executable, relative to SAFEUSERBIN.': 'Exécutable, relatif à SAFEUSERBIN.',
  'Further arguments, blanks between.': 'Autres arguments, séparés par des espaces.',
  'What follows when it is down. `wait` with `when="pre"` only, the stronger ones with the others. Rule `c_<ident>`.':
    'Ce qui suit quand la ressource est down. `wait` avec `when="pre"` seulement, les actions plus fortes avec les autres. Règle `c_<ident>`.',
  '`oneshot`: run each `interval`; exit code 0 is up, any other is down.':
    '`oneshot` : exécuté à chaque `interval` ; le code de retour 0 signifie up, tout autre down.',
  'OCF resource agent whose `monitor` is run instead of an executable of the module.':
    "Agent de ressource OCF dont l'action `monitor` est exécutée au lieu d'un exécutable du module.",
  'A parameter of the resource agent; it gets it as `OCF_RESKEY_<name>`.':
    "Un paramètre de l'agent de ressource, qui le reçoit sous le nom `OCF_RESKEY_<name>`.",
  'Name of the parameter.': 'Nom du paramètre.',
  'Its value.': 'Sa valeur.',
  'Waits until another module serves (rule `module_failure`), and does a stopstart when that was restarted.':
    "Attend qu'un autre module serve (règle `module_failure`), et fait un stopstart quand celui-ci a été redémarré.",
  'Name of the other module.': "Nom de l'autre module.",
  'Identity; the resource is `module.<ident>`.': 'Identité ; la ressource est `module.<ident>`.',
  'Where the other module is.': "Où se trouve l'autre module.",
  'Address of a node, or virtual address of the other module.': "Adresse d'un nœud, ou adresse virtuelle de l'autre module.",
  'Port of its web service.': 'Port de son service web.',
  'With HTTPS.': 'En HTTPS.',
  "File (PEM) with the certificates of authorities to trust besides this machine's and this cluster's: absolute, or in the module's folder (`conf/other.pem`).":
    'Fichier (PEM) des certificats des autorités de confiance en plus de celles de cette machine et de ce cluster : en chemin absolu, ou dans le dossier du module (`conf/other.pem`).',
  'A witness that decides which node goes on when the two do not hear each other.':
    "Un témoin qui décide quel nœud continue quand les deux ne s'entendent plus.",
  'Identity; the resource is `splitbrain.<ident>`.': 'Identité ; la ressource est `splitbrain.<ident>`.',
  'How the witness is asked.': 'Comment le témoin est interrogé.',
  'Addresses of witnesses, blanks between.': 'Adresses de témoins, séparées par des espaces.',
  'Asks an HTTP service for a page.': 'Demande une page à un service HTTP.',
  'Identity; the resource is `http.<ident>`.': 'Identité ; la ressource est `http.<ident>`.',
  'What follows when it is down. `wait` with `when="pre"` only, the stronger ones with the others. Rule `h_<ident>`.':
    'Ce qui suit quand la ressource est down. `wait` avec `when="pre"` seulement, les actions plus fortes avec les autres. Règle `h_<ident>`.',
  'Address of the page; redirections are not followed.': 'Adresse de la page ; les redirections ne sont pas suivies.',
  'Method of the request.': 'Méthode de la requête.',
  'Time for the whole answer; what takes longer is down.': 'Délai de la réponse entière ; ce qui prend plus de temps est down.',
  'Codes of the answer that count as up.': 'Codes de réponse qui signifient up.',
  'Must match the first 64 KB of the body; left out: any body will do.':
    'Doit correspondre aux 64 premiers Ko du corps ; omis : tout corps convient.',
  "Whether the server's TLS certificate must be valid for its name.":
    'Si le certificat TLS du serveur doit être valide pour son nom.',
  'A header of the request.': 'Un en-tête de la requête.',
  'Name of the header.': "Nom de l'en-tête.",
  'Value of the header.': "Valeur de l'en-tête.",
  'Looks whether a systemd unit is active.': "Vérifie qu'une unité systemd est active.",
  'Identity; the resource is `systemd.<ident>`.': 'Identité ; la ressource est `systemd.<ident>`.',
  'Name of the unit; without a suffix it is a service.': "Nom de l'unité ; sans suffixe, c'est un service.",
  'What follows when it is down. `wait` with `when="pre"` only, the stronger ones with the others. Rule `s_<ident>`.':
    'Ce qui suit quand la ressource est down. `wait` avec `when="pre"` seulement, les actions plus fortes avec les autres. Règle `s_<ident>`.',
  'Rules of your own, in CDATA sections: the rule language, or Lua in a section that begins with `--Lua Rules`. See [rules.md](rules.md).':
    'Vos propres règles de basculement, en sections CDATA : le langage des règles, ou Lua dans une section qui commence par `--Lua Rules`. Voir [rules.md](rules.md).',
  '`yes`: the rules are added to the default ones; `no`: they replace them. Rules that a checker generates stay.':
    "`yes` : les règles s'ajoutent à celles par défaut ; `no` : elles les remplacent. Les règles générées par un vérificateur restent.",
  'Without effect: rules are evaluated whenever a resource changes.':
    "Sans effet : les règles sont évaluées à chaque changement d'une ressource.",
  'An action must hold for this long before it is carried out. Without `<failover>` it is 2 s.':
    "Une action doit rester vraie pendant ce temps avant d'être exécutée. Sans `<failover>`, c'est 2 s.",

  // Why something has no effect
  'since 8.2 every lan is used by the web console': 'depuis 8.2, la console web utilise tous les réseaux',
  'one protocol on the port of the cluster serves all modules':
    'un seul protocole, sur le port du cluster, sert tous les modules',
  'addresses come from cluster.xml': 'les adresses viennent de cluster.xml',
  'write ident="flow" at the heartbeat of that lan': 'écrivez ident="flow" au battement de ce réseau',

  // What may be written
  'a whole number from {from} to {to}': 'un nombre entier de {from} à {to}',
  'a time from {from} to {to}; without a unit it is in milliseconds': 'une durée de {from} à {to} ; sans unité, en millisecondes',
  'a time from {from} to {to}; without a unit it is in seconds': 'une durée de {from} à {to} ; sans unité, en secondes',
  'a time from {from} to {to}; without a unit it is in minutes': 'une durée de {from} à {to} ; sans unité, en minutes',
  'a time from {from} to {to}; without a unit it is in hours': 'une durée de {from} à {to} ; sans unité, en heures',
  '`auto`, or a time from {from} to {to}; without a unit it is in seconds':
    '`auto`, ou une durée de {from} à {to} ; sans unité, en secondes',
  '`*`, or a port from {from} to {to}': '`*`, ou un port de {from} à {to}',
  'codes from {from} to {to} and ranges of them, commas between: 200,204,300-302':
    'des codes de {from} à {to} et des plages de codes, séparés par des virgules : 200,204,300-302',
  'a name of 1 to 63 letters, digits, dots, underscores and hyphens that begins with a letter or digit':
    "un nom de 1 à 63 lettres, chiffres, points, tirets bas et traits d'union qui commence par une lettre ou un chiffre",
  'a name of letters, digits and underscores': 'un nom fait de lettres, chiffres et tirets bas',
  'a name of letters, digits and hyphens': "un nom fait de lettres, chiffres et traits d'union",
  'a letter or underscore, then letters, digits and underscores':
    'une lettre ou un tiret bas, puis des lettres, chiffres et tirets bas',
  'a letter or underscore, then letters, digits and `_ . - ( )`':
    'une lettre ou un tiret bas, puis des lettres, chiffres et `_ . - ( )`',
  'the name of a unit: letters, digits and : _ . \\ @ -': "le nom d'une unité : lettres, chiffres et : _ . \\ @ -",
  'the name of an agent, `provider:agent`, for example heartbeat:nginx':
    "le nom d'un agent, `provider:agent`, par exemple heartbeat:nginx",
  'an IPv4 address, an IPv6 address such as [2001:db8::1], or a DNS name':
    'une adresse IPv4, une adresse IPv6 comme [2001:db8::1], ou un nom DNS',
  '`*`, an IPv4 address, an IPv6 address such as [2001:db8::1], or a DNS name':
    '`*`, une adresse IPv4, une adresse IPv6 comme [2001:db8::1], ou un nom DNS',
  'an IPv4 or IPv6 address': 'une adresse IPv4 ou IPv6',
  'an IPv4 mask such as 255.255.255.0': 'un masque IPv4 comme 255.255.255.0',
  'a unicast MAC such as 5A:FE:0A:00:00:32': 'une adresse MAC unicast comme 5A:FE:0A:00:00:32',
  'an address that begins with http:// or https://, without user and password':
    'une adresse qui commence par http:// ou https://, sans utilisateur ni mot de passe',
  'an absolute path, on Linux without blanks': 'un chemin absolu, sans espaces sous Linux',
  'a POSIX extended regular expression': 'une expression régulière étendue POSIX',
  'a POSIX extended regular expression, after `!` to invert it':
    "une expression régulière étendue POSIX, précédée de `!` pour l'inverser",
  'a number such as 0x10': 'un nombre comme 0x10',
  'any text': "n'importe quel texte",
  'a text that is not empty': 'un texte non vide',
  'a text on one line, of Latin letters': 'un texte sur une ligne, en lettres latines',

  // Defaults
  'by `preset`': 'selon `preset`',
  'that of cluster.xml': 'comme dans cluster.xml',
  'as `name`': 'comme `name`',
  'that of `<heart>`': 'comme dans `<heart>`',
  'found by the address': "trouvé d'après l'adresse",
  '5A:FE and the first address': '5A:FE et la première adresse',
  '`alias` in a farm, `one_side_alias` in a mirror': '`alias` dans une ferme, `one_side_alias` dans un miroir',
  'that of the interface': "celui de l'interface",
  'that of the NFS server': 'celle du serveur NFS',
  'as `reipacketsize`': 'comme `reipacketsize`',
  'no limit': 'sans limite',
  always: 'toujours',
  '`prim`; `both` in farm and light': '`prim` ; `both` en farm et light',
  '`restart`; `wait` with `pre`': '`restart` ; `wait` avec `pre`',
  '`wait` with `pre`; else it must be given': '`wait` avec `pre` ; sinon à donner',
  '`prim` in a mirror, else `both`': '`prim` dans un miroir, sinon `both`',
  'must be given, unless `ocf` is': 'à donner, sauf si `ocf` est donné',
  '`loop`; `oneshot` with `ocf`': '`loop` ; `oneshot` avec `ocf`',
  '9010; 9453 with `secure`': '9010 ; 9453 avec `secure`',
};
