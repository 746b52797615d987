/* IMPORTANT
 * This snapshot file is auto-generated, but designed for humans.
 * It should be checked into source control and tracked carefully.
 * Re-generate by setting TAP_SNAPSHOT=1 and running tests.
 * Make sure to inspect the output below.  Do not ignore changes!
 */
'use strict'
exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > -G > must match snapshot 1`] = `
exit 1
--- out
---------------- Server=http://10.0.0.11:9010 ----------------
admin action=distribute
generation 3
Success
---------------- Server=http://10.0.0.13:9010 ----------------
admin action=distribute
NODE_UNREACHABLE: Node n3 did not answer.
Error
--- err
CLUSTER_PARTIAL: not on n3
--- sent
distributeCluster {"params":{},"query":{},"body":{"xml":null,"force":false,"nodes":null}}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > -H * -E farm > must match snapshot 1`] = `
exit 0
--- out
---------------- Server=http://10.0.0.11:9010 ----------------
admin action=export
generation 3
Success
--- err
--- sent
exportModule {"params":{"module":"farm"},"query":{},"body":{"nodes":null}}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > -H * -p > must match snapshot 1`] = `
exit 2
--- out
--- err
USAGE: -p is carried out on this node only, without -H
--- sent

`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > -H * > must match snapshot 1`] = `
exit 2
--- out
--- err
USAGE: -H needs a command: holdfast -H "*" state
--- sent

`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > -H * cluster genkey > must match snapshot 1`] = `
exit 2
--- out
--- err
USAGE: cluster genkey is not for -H: each node would make a key of its own; use cluster rekey, or genkey here and then -G
--- sent
listClusterHosts {"params":{},"query":{},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > -H elsewhere -G > must match snapshot 1`] = `
exit 2
--- out
--- err
USAGE: http://elsewhere:9010 is no node of the cluster configuration: only nodes can be given it (holdfast help distribute shows how)
--- sent
listClusterHosts {"params":{},"query":{},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > -H n1,n2 logsave -m farm x > must match snapshot 1`] = `
exit 2
--- out
--- err
USAGE: logsave writes a file here, and every node would write the same one: name one node with -H
--- sent
listClusterHosts {"params":{},"query":{},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > -H n1,n3 -G > must match snapshot 1`] = `
exit 1
--- out
---------------- Server=http://10.0.0.11:9010 ----------------
admin action=distribute
generation 3
Success
---------------- Server=http://10.0.0.13:9010 ----------------
admin action=distribute
NODE_UNREACHABLE: Node n3 did not answer.
Error
--- err
CLUSTER_PARTIAL: not on n3
--- sent
listClusterHosts {"params":{},"query":{},"body":null}
distributeCluster {"params":{},"query":{},"body":{"xml":null,"force":false,"nodes":["n1","n3"]}}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > -p --json > must match snapshot 1`] = `
exit 0
--- out
{
  "SAFE": "/opt/holdfast",
  "SAFEVAR": "/var/holdfast",
  "SAFEBIN": "/opt/holdfast/private/bin"
}
--- err
--- sent

`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > -p > must match snapshot 1`] = `
exit 0
--- out
SAFE=/opt/holdfast
SAFEVAR=/var/holdfast
SAFEBIN=/opt/holdfast/private/bin
--- err
--- sent

`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > -r checkloop -m farm > must match snapshot 1`] = `
exit 0
--- out
1 of 3 automatic actions, counted until 2026-02-01 14:00:00
--- err
--- sent
postLoop {"params":{"module":"farm"},"query":{},"body":{"operation":"check"}}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > checkloop -m farm --json > must match snapshot 1`] = `
exit 0
--- out
{
  "reached": false,
  "budget": {
    "max": 3,
    "used": 1,
    "expires": "2026-02-01T14:00:00.000Z",
    "causes": [
      {
        "at": "2026-01-31T14:22:33.123Z",
        "action": "restart",
        "by": "errd"
      }
    ]
  }
}
--- err
--- sent
postLoop {"params":{"module":"farm"},"query":{},"body":{"operation":"check"}}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > cluster config > must match snapshot 1`] = `
exit 0
--- out
node:       n1
configured: 2026-01-31 14:22:33
signature:  c1c2c3c4c5c6c7c8
encrypted:  yes
locked:     0
--- err
--- sent
putClusterConfig {"params":{},"query":{},"body":{"xml":null,"lock":null}}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > cluster config cluster.xml locked > must match snapshot 1`] = `
exit 2
--- out
--- err
USAGE: after the file comes lock or unlock, not 'locked' (holdfast help cluster config shows how)
--- sent

`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > cluster config none.xml > must match snapshot 1`] = `
exit 2
--- out
--- err
USAGE: the file none.xml cannot be read: ENOENT: no such file or directory (holdfast help cluster config shows how)
--- sent

`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > cluster config unlock > must match snapshot 1`] = `
exit 0
--- out
node:       n1
configured: 2026-01-31 14:22:33
signature:  c1c2c3c4c5c6c7c8
encrypted:  yes
locked:     0
--- err
--- sent
putClusterConfig {"params":{},"query":{},"body":{"xml":null,"lock":"unlock"}}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > cluster confinfo > must match snapshot 1`] = `
exit 0
--- out
NODE  ACTIVE  SIGNATURE         DATE                 LOCKED  GENERATION
n1    yes     c1c2c3c4c5c6c7c8  2026-01-31 14:22:33  0                3
n2    yes     c1c2c3c4c5c6c7c8  2026-01-31 14:22:33  0                3
n3    no      oldKey            -                    -                -
n2 caught up at 2026-01-31T14:22:33.123Z from n1: it had been away
n3 is refused: it sends with a key that was replaced
n1 HTTPS: It expires. Renew it.
n2 has HTTPS off, and others have it on: holdfast https setup
n1 has not distributed its configuration: holdfast -H "*" -G
n1 takes the key before as well until 2026-01-31 14:22:33
--- err
--- sent
getClusterState {"params":{},"query":{},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > cluster create --names n1 10.0.0.11 10.0.0.12 > must match snapshot 1`] = `
exit 2
--- out
--- err
USAGE: --names has 1 names for 2 addresses (holdfast help cluster create shows how)
--- sent

`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > cluster create --print --names n1,n2 10.0.0.11 ::1 > must match snapshot 1`] = `
exit 0
--- out
<cluster>
  <lans>
    <lan name="default" command="on">
      <node name="n1" addr="10.0.0.11"/>
      <node name="n2" addr="[::1]"/>
    </lan>
  </lans>
</cluster>
--- err
--- sent

`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > cluster create 10.0.0.11 10.0.0.12 > must match snapshot 1`] = `
exit 0
--- out
node:       n1
configured: 2026-01-31 14:22:33
signature:  c1c2c3c4c5c6c7c8
encrypted:  yes
locked:     0
--- err
--- sent
putClusterConfig {"params":{},"query":{},"body":{"xml":"<cluster>\\n  <lans>\\n    <lan name=\\"default\\" command=\\"on\\">\\n      <node name=\\"server0\\" addr=\\"10.0.0.11\\"/>\\n      <node name=\\"server1\\" addr=\\"10.0.0.12\\"/>\\n    </lan>\\n  </lans>\\n</cluster>\\n","lock":null}}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > cluster deconfig > must match snapshot 1`] = `
exit 0
--- out
the configuration and the key of the cluster are removed from this node
--- err
--- sent
deleteClusterConfig {"params":{},"query":{},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > cluster delkey > must match snapshot 1`] = `
exit 0
--- out
the key is removed: this node will no longer seal what it sends; tell the others with holdfast -H "*" -G
--- err
--- sent
deleteClusterKey {"params":{},"query":{},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > cluster genkey --accept-old 10s > must match snapshot 1`] = `
exit 0
--- out
a new key is made; give it to the other nodes with holdfast -H "*" -G
--- err
--- sent
generateClusterKey {"params":{},"query":{"acceptOldMs":"10000"},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > cluster genkey > must match snapshot 1`] = `
exit 0
--- out
a new key is made; give it to the other nodes with holdfast -H "*" -G
--- err
--- sent
generateClusterKey {"params":{},"query":{},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > cluster rekey --accept-old 10m > must match snapshot 1`] = `
exit 1
--- out
---------------- Server=http://10.0.0.11:9010 ----------------
admin action=rekey
generation 3
Success
---------------- Server=http://10.0.0.13:9010 ----------------
admin action=rekey
NODE_UNREACHABLE: Node n3 did not answer.
Error
--- err
CLUSTER_PARTIAL: not on n3
--- sent
distributeCluster {"params":{},"query":{},"body":{"newKey":true,"force":false,"acceptOldMs":600000}}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > cluster state > must match snapshot 1`] = `
exit 0
--- out
NODE  MODULE  MODE  ID  DATE                 SIGNATURE
n1    farm    farm   1  2026-01-31 14:22:33  0123456789ab
n2    farm    farm   1  2026-01-31 14:22:33  0123456789ab
n2 caught up at 2026-01-31T14:22:33.123Z from n1: it had been away
n3 is refused: it sends with a key that was replaced
n1 HTTPS: It expires. Renew it.
n2 has HTTPS off, and others have it on: holdfast https setup
n1 has not distributed its configuration: holdfast -H "*" -G
n1 takes the key before as well until 2026-01-31 14:22:33
--- err
--- sent
getClusterState {"params":{},"query":{},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > cmdlog --json > must match snapshot 1`] = `
exit 0
--- out
{
  "items": [
    {
      "at": "2026-01-31T14:22:33.123Z",
      "who": "root",
      "module": "farm",
      "phase": "START",
      "text": "start"
    }
  ],
  "next": null
}
--- err
--- sent
listCommands {"params":{},"query":{"limit":"300"},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > cmdlog -s 5 > must match snapshot 1`] = `
exit 0
--- out
| 2026-01-31 14:22:33.123000 | root | farm | START | start
--- err
--- sent
listCommands {"params":{},"query":{"limit":"5"},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > completion csh > must match snapshot 1`] = `
exit 2
--- out
--- err
USAGE: there is no completion for 'csh'; there is bash, zsh and fish (holdfast help completion shows how)
--- sent

`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > confcheck -m farm --json > must match snapshot 1`] = `
exit 0
--- out
{
  "config": {
    "service": {
      "mode": "farm",
      "maxloop": 3
    },
    "heart": null,
    "farm": {
      "lans": [
        {
          "name": "default"
        }
      ]
    }
  },
  "warnings": []
}
--- err
--- sent
checkModule {"params":{"module":"farm"},"query":{},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > confcheck -m farm > must match snapshot 1`] = `
exit 0
--- out
service:
  mode: farm
  maxloop: 3
farm:
  lans:
    - name: default
--- err
--- sent
checkModule {"params":{"module":"farm"},"query":{},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > confcheck > must match snapshot 1`] = `
exit 2
--- out
--- err
USAGE: name a module with -m AM, or a file (holdfast help confcheck shows how)
--- sent

`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > config -m farm > must match snapshot 1`] = `
exit 0
--- out
farm is configured: farm, id 1, signature 0123456789abcdef0123456789abcdef
--- err
--- sent
applyModule {"params":{"module":"farm"},"query":{},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > confinfo -m farm > must match snapshot 1`] = `
exit 0
--- out
module:     farm
node:       n1
active:     aa, 2026-01-31 14:22:33
current:    bb, 2026-01-31 14:22:33
up to date: no: holdfast config -m farm applies the edited configuration
--- err
--- sent
getConfInfo {"params":{"module":"farm"},"query":{},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > deconfig -m farm > must match snapshot 1`] = `
exit 0
--- out
farm is no longer configured; its edited files are still there
--- err
--- sent
deconfigureModule {"params":{"module":"farm"},"query":{},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > errd disable -m farm both --json > must match snapshot 1`] = `
exit 0
--- out
--- err
--- sent
setErrd {"params":{"module":"farm"},"query":{},"body":{"class":"both","on":false}}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > errd enable -m farm both > must match snapshot 1`] = `
exit 0
--- out
monitoring of class both is on
--- err
--- sent
setErrd {"params":{"module":"farm"},"query":{},"body":{"class":"both","on":true}}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > errd list -m farm > must match snapshot 1`] = `
exit 0
--- out
NAME    KIND     CLASS  MONITORED  ACTION    COUNT  VALUE  PIDS
httpd   process  both   yes        restart       2  up     410 411
backup  service  -      no         noaction      0  down
--- err
--- sent
listErrd {"params":{"module":"farm"},"query":{},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > forcestop -m farm > must match snapshot 1`] = `
exit 0
--- out
farm on n1: forcestop accepted
--- err
--- sent
postAction {"params":{"module":"farm"},"query":{},"body":{"action":"forcestop"}}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > get -m farm -r proc.httpd > must match snapshot 1`] = `
exit 0
--- out
up
--- err
--- sent
getResource {"params":{"module":"farm","resource":"proc.httpd"},"query":{},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > get -m farm -r proc.none > must match snapshot 1`] = `
exit 1
--- out
--- err
RESOURCE_UNKNOWN: farm has no resource proc.none.
--- sent
getResource {"params":{"module":"farm","resource":"proc.none"},"query":{},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > get -m farm > must match snapshot 1`] = `
exit 0
--- out
RESOURCE     VALUE  SINCE                SET BY
proc.httpd   up     2026-01-31 14:22:33  errd
custom.web   down   2026-01-31 14:22:33  web?[31mcheck
FarmProto_0  50%    2026-01-31 14:22:33  vipd
--- err
--- sent
listResources {"params":{"module":"farm"},"query":{},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > incloop -m farm -i handler > must match snapshot 1`] = `
exit 0
--- out
1 of 3 automatic actions, counted until 2026-02-01 14:00:00
--- err
--- sent
postLoop {"params":{"module":"farm"},"query":{},"body":{"operation":"increment","identity":"handler"}}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > kill -m farm --name=httpd --level=terminate > must match snapshot 1`] = `
exit 1
--- out
 PID  NAME   OUTCOME  ARGUMENTS
  31  httpd  remains  /usr/sbin/httpd -k start
4032  httpd  ended
--- err
--- sent
killProcesses {"params":{"module":"farm"},"query":{},"body":{"name":"httpd","level":"terminate","asker":4242}}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > kill -m farm -level=9 > must match snapshot 1`] = `
exit 2
--- out
--- err
USAGE: which processes? -name=NAME is needed (holdfast help kill shows how)
--- sent

`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > kill -m farm -nam=httpd > must match snapshot 1`] = `
exit 2
--- out
--- err
USAGE: there is no option -n here; there are --argregex --help --identity --json --level --module --name --socket -h -i -m (holdfast help kill shows how)
--- sent

`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > kill -m farm -name httpd -level 15 -i stop_both --json > must match snapshot 1`] = `
exit 0
--- out
{
  "items": [
    {
      "pid": 31,
      "name": "httpd",
      "args": [
        "/usr/sbin/httpd",
        "-k",
        "start"
      ],
      "outcome": "signalled"
    },
    {
      "pid": 4032,
      "name": "httpd",
      "args": [],
      "outcome": "signalled"
    }
  ],
  "next": null
}
--- err
--- sent
killProcesses {"params":{"module":"farm"},"query":{},"body":{"name":"httpd","level":"15","identity":"stop_both","asker":4242}}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > kill -m farm -name=httpd -argregex=-k start -level=test > must match snapshot 1`] = `
exit 0
--- out
 PID  NAME   OUTCOME  ARGUMENTS
  31  httpd  found    /usr/sbin/httpd -k start
4032  httpd  found
--- err
--- sent
killProcesses {"params":{"module":"farm"},"query":{},"body":{"name":"httpd","level":"test","argregex":"-k start","asker":4242}}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > kill -m farm -name=httpd -level=11 > must match snapshot 1`] = `
exit 2
--- out
--- err
USAGE: -level is one of test, terminate, 9, 15 (holdfast help kill shows how)
--- sent

`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > kill -m farm -name=httpd -level=9 > must match snapshot 1`] = `
exit 0
--- out
no process httpd
--- err
--- sent
killProcesses {"params":{"module":"farm"},"query":{},"body":{"name":"httpd","level":"9","asker":4242}}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > log -m farm -l fr > must match snapshot 1`] = `
exit 2
--- out
--- err
USAGE: messages exist in English only, 'fr' is not supported yet; leave -l out or say -l en (holdfast help log shows how)
--- sent

`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > log -m farm -s 0 > must match snapshot 1`] = `
exit 2
--- out
--- err
USAGE: -s is a whole number from 1 to 100000, not '0' (holdfast help log shows how)
--- sent

`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > log -m farm -s 10 -A -l en --json > must match snapshot 1`] = `
exit 0
--- out
{
  "items": [
    {
      "at": "2026-01-31T14:22:33.123Z",
      "atMs": 1,
      "wallMs": 1769869353123,
      "level": "E",
      "component": "heart",
      "message": "Local state UP Ready"
    },
    {
      "at": "2026-01-31T14:22:33.123Z",
      "atMs": 1,
      "wallMs": 1769869353123.456,
      "level": "U",
      "component": "cluster",
      "message": "Action start called by root"
    }
  ],
  "next": null
}
--- err
--- sent
getLogs {"params":{"module":"farm"},"query":{"limit":"10","verbose":"true"},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > log -m farm > must match snapshot 1`] = `
exit 0
--- out
| 2026-01-31 14:22:33.123000 | heart | E | Local state UP Ready
| 2026-01-31 14:22:33.123456 | cluster | U | Action start called by root
--- err
--- sent
getLogs {"params":{"module":"farm"},"query":{"limit":"300"},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > logsave -m farm /no/such/folder/farm.log > must match snapshot 1`] = `
exit 1
--- out
--- err
DISK: the file /no/such/folder/farm.log cannot be written: ENOENT: no such file or directory
--- sent
getLogs {"params":{"module":"farm"},"query":{"limit":"100000"},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > logsave -m farm relative.log > must match snapshot 1`] = `
exit 2
--- out
--- err
USAGE: the file is named by its absolute path, not 'relative.log' (holdfast help logsave shows how)
--- sent

`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > module getports -i 2 --json > must match snapshot 1`] = `
exit 0
--- out
{
  "items": [
    {
      "process": "safeadmin",
      "protocol": "udp",
      "port": 4800
    },
    {
      "process": "webconsole",
      "protocol": "tcp",
      "port": 9010
    }
  ],
  "next": null
}
--- err
--- sent
listPorts {"params":{},"query":{"id":"2"},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > module getports -m farm -i 2 > must match snapshot 1`] = `
exit 2
--- out
--- err
USAGE: name the module with -m AM, or its id with -i ID (holdfast help module getports shows how)
--- sent

`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > module getports -m farm > must match snapshot 1`] = `
exit 0
--- out
PROCESS     PROTOCOL  PORT
safeadmin   UDP       4800
webconsole  TCP       9010
--- err
--- sent
listPorts {"params":{},"query":{"module":"farm"},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > module getports > must match snapshot 1`] = `
exit 2
--- out
--- err
USAGE: name the module with -m AM, or its id with -i ID (holdfast help module getports shows how)
--- sent

`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > module install -m web --template nginx -M 7 -r > must match snapshot 1`] = `
exit 0
--- out
web is installed with id 7; edit its configuration, then: holdfast config -m web
--- err
--- sent
installModule {"params":{"module":"web"},"query":{"template":"nginx","id":"7","force":"true"},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > module install -m web -M 256 > must match snapshot 1`] = `
exit 2
--- out
--- err
USAGE: -M is a whole number from 1 to 255, not '256' (holdfast help module install shows how)
--- sent

`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > module install -m web none.safe --template farm > must match snapshot 1`] = `
exit 2
--- out
--- err
USAGE: either a .safe file or --template, not both (holdfast help module install shows how)
--- sent

`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > module install -m web none.safe > must match snapshot 1`] = `
exit 2
--- out
--- err
USAGE: the file none.safe cannot be read: ENOENT: no such file or directory (holdfast help module install shows how)
--- sent

`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > module list --names > must match snapshot 1`] = `
exit 0
--- out
farm
shop
fresh
--- err
--- sent
listModules {"params":{},"query":{"scope":"local"},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > module list > must match snapshot 1`] = `
exit 0
--- out
MODULE  ID  MODE   CONFIGURED  APPLIED              SIGNATURE
farm     1  farm   yes         2026-01-31 14:22:33  0123456789ab
shop     2  light  yes         2026-01-31 14:22:33  fedcba987654
fresh    3  -      no          -                    -
--- err
--- sent
listModules {"params":{},"query":{"scope":"local"},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > module listid > must match snapshot 1`] = `
exit 0
--- out
ID  MODULE
 1  farm
 2  shop
 3  fresh
--- err
--- sent
listModules {"params":{},"query":{"scope":"local"},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > module templates > must match snapshot 1`] = `
exit 0
--- out
TEMPLATE  WHAT IT IS
farm      A farm of services
--- err
--- sent
listTemplates {"params":{},"query":{},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > module uninstall -m web > must match snapshot 1`] = `
exit 0
--- out
web is uninstalled
--- err
--- sent
uninstallModule {"params":{"module":"web"},"query":{},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > notification config > must match snapshot 1`] = `
exit 0
--- out
{
  "enabled": true
}
--- err
--- sent
getNotificationConfig {"params":{},"query":{},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > notification config none.json > must match snapshot 1`] = `
exit 2
--- out
--- err
USAGE: the file none.json cannot be read: ENOENT: no such file or directory (holdfast help notification config shows how)
--- sent

`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > notification disable > must match snapshot 1`] = `
exit 0
--- out
notifications of n1: off, told together after 60 s, critical ones after 10 s, 2 collected
CHANNEL  KIND     STATE    QUEUED  SENT  LOST  LAST SENT            TO
email    email    failing       3     4     0  2026-01-31 14:22:33  ops@example.org by mail:587
hook     webhook  idle          0     0     1  -                    https://hooks.example.org
email: nobody listens on mail:587; start the server, or correct host and port (2026-01-31 14:22:33)
--- err
--- sent
switchNotification {"params":{},"query":{},"body":{"on":false}}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > notification enable > must match snapshot 1`] = `
exit 0
--- out
notifications of n1: on, told together after 60 s, critical ones after 10 s, 2 collected
CHANNEL  KIND     STATE    QUEUED  SENT  LOST  LAST SENT            TO
email    email    failing       3     4     0  2026-01-31 14:22:33  ops@example.org by mail:587
hook     webhook  idle          0     0     1  -                    https://hooks.example.org
email: nobody listens on mail:587; start the server, or correct host and port (2026-01-31 14:22:33)
--- err
--- sent
switchNotification {"params":{},"query":{},"body":{"on":true}}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > notification status > must match snapshot 1`] = `
exit 0
--- out
notifications of n1: on, told together after 60 s, critical ones after 10 s, 2 collected
CHANNEL  KIND     STATE    QUEUED  SENT  LOST  LAST SENT            TO
email    email    failing       3     4     0  2026-01-31 14:22:33  ops@example.org by mail:587
hook     webhook  idle          0     0     1  -                    https://hooks.example.org
email: nobody listens on mail:587; start the server, or correct host and port (2026-01-31 14:22:33)
--- err
--- sent
getNotification {"params":{},"query":{},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > notification test > must match snapshot 1`] = `
exit 1
--- out
email: FAILED, nobody listens on mail:587; start the server
hook: ok, handed over
--- err
--- sent
testNotification {"params":{},"query":{},"body":{"channel":null}}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > notification test hook --json > must match snapshot 1`] = `
exit 0
--- out
{
  "items": [
    {
      "channel": "hook",
      "ok": true,
      "message": "handed over",
      "remedy": null
    }
  ],
  "next": null
}
--- err
--- sent
testNotification {"params":{},"query":{},"body":{"channel":"hook"}}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > notification test nobody > must match snapshot 1`] = `
exit 1
--- out
--- err
NOTIFICATION_CHANNEL: There is no channel "nobody"; there are email, hook.
--- sent
testNotification {"params":{},"query":{},"body":{"channel":"nobody"}}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > printe -m farm -- no answer -- -x > must match snapshot 1`] = `
exit 0
--- out
--- err
--- sent
printMessage {"params":{"module":"farm"},"query":{},"body":{"level":"E","message":"-- no answer -- -x"}}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > printe -m farm > must match snapshot 1`] = `
exit 2
--- out
--- err
USAGE: MESSAGE is missing: The text. (holdfast help printe shows how)
--- sent

`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > printi -m farm it runs > must match snapshot 1`] = `
exit 0
--- out
--- err
--- sent
printMessage {"params":{"module":"farm"},"query":{},"body":{"level":"I","message":"it runs"}}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > resetloop -m farm > must match snapshot 1`] = `
exit 0
--- out
1 of 3 automatic actions, counted until 2026-02-01 14:00:00
--- err
--- sent
postLoop {"params":{"module":"farm"},"query":{},"body":{"operation":"reset"}}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > restart -m farm --nodes n1,,n2 > must match snapshot 1`] = `
exit 2
--- out
--- err
USAGE: --nodes is a list such as n1,n2, or '*' for all nodes (holdfast help restart shows how)
--- sent

`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > restart -m farm --nodes n1,n2 > must match snapshot 1`] = `
exit 0
--- out
farm on n1: restart accepted
--- err
--- sent
postAction {"params":{"module":"farm"},"query":{},"body":{"action":"restart","nodes":["n1","n2"]}}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > set -m farm -r custom.web -v up -n -i webcheck > must match snapshot 1`] = `
exit 0
--- out
--- err
--- sent
setResource {"params":{"module":"farm","resource":"custom.web"},"query":{},"body":{"value":"up","logging":"none","identity":"webcheck"}}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > set -m farm -r custom.web -v up -n -l > must match snapshot 1`] = `
exit 2
--- out
--- err
USAGE: -n and -l exclude each other (holdfast help set shows how)
--- sent

`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > set -m farm -r custom.web > must match snapshot 1`] = `
exit 2
--- out
--- err
USAGE: both -r class.id and -v VALUE are needed (holdfast help set shows how)
--- sent

`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > set -r custom.web -v down -l -m farm --json > must match snapshot 1`] = `
exit 0
--- out
{
  "name": "custom.web",
  "value": "down",
  "at": "2026-01-31T14:22:33.123Z",
  "atMs": 9,
  "by": "root"
}
--- err
--- sent
setResource {"params":{"module":"farm","resource":"custom.web"},"query":{},"body":{"value":"down","logging":"force"}}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > shutdown --wait --timeout 5s --json > must match snapshot 1`] = `
exit 0
--- out
{
  "items": [
    {
      "id": "a1",
      "action": "start",
      "module": "farm",
      "at": "2026-01-31T14:22:33.123Z",
      "done": true,
      "nodes": [
        {
          "node": "n1",
          "state": "done",
          "message": "UP (Ready)",
          "code": null
        }
      ]
    },
    {
      "id": "a1",
      "action": "start",
      "module": "farm",
      "at": "2026-01-31T14:22:33.123Z",
      "done": true,
      "nodes": [
        {
          "node": "n1",
          "state": "done",
          "message": "UP (Ready)",
          "code": null
        }
      ]
    }
  ],
  "next": null
}
--- err
--- sent
listModules {"params":{},"query":{"scope":"local"},"body":null}
postAction {"params":{"module":"farm"},"query":{},"body":{"action":"shutdown"}}
postAction {"params":{"module":"shop"},"query":{},"body":{"action":"shutdown"}}
getAction {"params":{"id":"a1"},"query":{},"body":null}
getAction {"params":{"id":"a1"},"query":{},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > shutdown > must match snapshot 1`] = `
exit 0
--- out
farm on n1: shutdown accepted
shop on n1: shutdown accepted
--- err
--- sent
listModules {"params":{},"query":{"scope":"local"},"body":null}
postAction {"params":{"module":"farm"},"query":{},"body":{"action":"shutdown"}}
postAction {"params":{"module":"shop"},"query":{},"body":{"action":"shutdown"}}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > start -m farm --json > must match snapshot 1`] = `
exit 0
--- out
{
  "id": "a1",
  "action": "start",
  "module": "farm",
  "at": "2026-01-31T14:22:33.123Z",
  "done": false,
  "nodes": [
    {
      "node": "n1",
      "state": "running",
      "message": "",
      "code": null
    }
  ]
}
--- err
--- sent
postAction {"params":{"module":"farm"},"query":{},"body":{"action":"start"}}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > start -m farm --wait > must match snapshot 1`] = `
exit 0
--- out
farm on n1: start accepted
farm on n1: start done: UP (Ready)
--- err
--- sent
postAction {"params":{"module":"farm"},"query":{},"body":{"action":"start"}}
getAction {"params":{"id":"a1"},"query":{},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > start -m farm > must match snapshot 1`] = `
exit 0
--- out
farm on n1: start accepted
--- err
--- sent
postAction {"params":{"module":"farm"},"query":{},"body":{"action":"start"}}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > state --json > must match snapshot 1`] = `
exit 0
--- out
{
  "items": [
    {
      "name": "farm",
      "id": 1,
      "mode": "farm",
      "configured": true,
      "signature": "0123456789abcdef0123456789abcdef",
      "appliedAt": "2026-01-31T14:22:33.123Z",
      "nodes": [
        {
          "module": "farm",
          "node": "n1",
          "state": "UP",
          "quality": "Ready",
          "path": "UP.ready",
          "tags": [],
          "reason": null,
          "since": "2026-01-31T14:22:33.123Z",
          "sinceMs": 1000,
          "share": 50,
          "activeRule": null,
          "wish": "start",
          "ready": true,
          "budget": {
            "max": 3,
            "used": 1,
            "expires": "2026-02-01T14:00:00.000Z",
            "causes": [
              {
                "at": "2026-01-31T14:22:33.123Z",
                "action": "restart",
                "by": "errd"
              }
            ]
          },
          "switches": {
            "errd": true,
            "checker": true,
            "failover": true,
            "boot": "on"
          },
          "signature": "0123456789abcdef0123456789abcdef",
          "error": null
        },
        {
          "module": "farm",
          "node": "n2",
          "state": "WAIT",
          "quality": "NotReady",
          "path": "UP.ready",
          "tags": [],
          "reason": "waits for ping.router",
          "since": "2026-01-31T14:22:33.123Z",
          "sinceMs": 1000,
          "share": 0,
          "activeRule": null,
          "wish": "start",
          "ready": false,
          "budget": {
            "max": 3,
            "used": 1,
            "expires": "2026-02-01T14:00:00.000Z",
            "causes": [
              {
                "at": "2026-01-31T14:22:33.123Z",
                "action": "restart",
                "by": "errd"
              }
            ]
          },
          "switches": {
            "errd": true,
            "checker": true,
            "failover": true,
            "boot": "on"
          },
          "signature": "0123456789abcdef0123456789abcdef",
          "error": null
        }
      ]
    },
    {
      "name": "shop",
      "id": 2,
      "mode": "light",
      "configured": true,
      "signature": "fedcba9876543210fedcba9876543210",
      "appliedAt": "2026-01-31T14:22:33.123Z",
      "nodes": [
        {
          "module": "shop",
          "node": "n1",
          "state": "STOP",
          "quality": "NotReady",
          "path": "UP.ready",
          "tags": [],
          "reason": null,
          "since": "2026-01-31T14:22:33.123Z",
          "sinceMs": 1000,
          "share": 0,
          "activeRule": null,
          "wish": "stop",
          "ready": false,
          "budget": {
            "max": 0,
            "used": 0,
            "expires": null,
            "causes": []
          },
          "switches": {
            "errd": true,
            "checker": true,
            "failover": true,
            "boot": "on"
          },
          "signature": "0123456789abcdef0123456789abcdef",
          "error": null
        },
        {
          "module": "shop",
          "node": "n2",
          "state": "UNKNOWN",
          "quality": "Unknown",
          "path": "UP.ready",
          "tags": [],
          "reason": null,
          "since": "2026-01-31T14:22:33.123Z",
          "sinceMs": 1000,
          "share": 50,
          "activeRule": null,
          "wish": "start",
          "ready": true,
          "budget": {
            "max": 3,
            "used": 1,
            "expires": "2026-02-01T14:00:00.000Z",
            "causes": [
              {
                "at": "2026-01-31T14:22:33.123Z",
                "action": "restart",
                "by": "errd"
              }
            ]
          },
          "switches": {
            "errd": true,
            "checker": true,
            "failover": true,
            "boot": "on"
          },
          "signature": "0123456789abcdef0123456789abcdef",
          "error": "n2 did not answer within 2 s"
        }
      ]
    },
    {
      "name": "fresh",
      "id": 3,
      "mode": null,
      "configured": false,
      "signature": null,
      "appliedAt": null,
      "nodes": []
    }
  ],
  "next": null
}
--- err
--- sent
listModules {"params":{},"query":{},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > state -lq -m fresh > must match snapshot 1`] = `
exit 11
--- out
--- err
MODULE_NOT_CONFIGURED: fresh has no state on this node: it is not configured
--- sent
getModule {"params":{"module":"fresh"},"query":{"scope":"local"},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > state -lq -m shop > must match snapshot 1`] = `
exit 0
--- out
STOP (NotReady)
--- err
--- sent
getModule {"params":{"module":"shop"},"query":{"scope":"local"},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > state -lq > must match snapshot 1`] = `
exit 12
--- out
--- err
USAGE: state -lq is about one module: name it with -m AM (holdfast help state shows how)
--- sent

`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > state -m farm -lq > must match snapshot 1`] = `
exit 2
--- out
UP (Ready)
--- err
--- sent
getModule {"params":{"module":"farm"},"query":{"scope":"local"},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > state -m farm -v > must match snapshot 1`] = `
exit 0
--- out
farm: farm, id 1
NODE  STATE            SINCE                SHARE  RESTARTS  REASON
n1    UP (Ready)       2026-01-31 14:22:33    50%       1/3
n2    WAIT (NotReady)  2026-01-31 14:22:33     0%       1/3  waits for ping.router

RESOURCE     VALUE  SINCE                SET BY
proc.httpd   up     2026-01-31 14:22:33  errd
custom.web   down   2026-01-31 14:22:33  web?[31mcheck
FarmProto_0  50%    2026-01-31 14:22:33  vipd
--- err
--- sent
getModule {"params":{"module":"farm"},"query":{},"body":null}
listResources {"params":{"module":"farm"},"query":{},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > state -m farm > must match snapshot 1`] = `
exit 0
--- out
farm: farm, id 1
NODE  STATE            SINCE                SHARE  RESTARTS  REASON
n1    UP (Ready)       2026-01-31 14:22:33    50%       1/3
n2    WAIT (NotReady)  2026-01-31 14:22:33     0%       1/3  waits for ping.router
--- err
--- sent
getModule {"params":{"module":"farm"},"query":{},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > state -m fresh > must match snapshot 1`] = `
exit 0
--- out
fresh: no mode yet, id 3, not configured
--- err
--- sent
getModule {"params":{"module":"fresh"},"query":{},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > state -v > must match snapshot 1`] = `
exit 2
--- out
--- err
USAGE: state -v is about one module: name it with -m AM (holdfast help state shows how)
--- sent

`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > state > must match snapshot 1`] = `
exit 0
--- out
MODULE  MODE   NODE  STATE            SINCE                SHARE  RESTARTS  REASON
farm    farm   n1    UP (Ready)       2026-01-31 14:22:33    50%       1/3
farm    farm   n2    WAIT (NotReady)  2026-01-31 14:22:33     0%       1/3  waits for ping.router
shop    light  n1    STOP (NotReady)  2026-01-31 14:22:33     0%       off
shop    light  n2    ERROR                                                  n2 did not answer within 2 s
fresh   -      -     NOT CONFIGURED
--- err
--- sent
listModules {"params":{},"query":{},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > stop -m farm -i start_both failed > must match snapshot 1`] = `
exit 0
--- out
farm on n1: stop accepted
--- err
--- sent
postAction {"params":{"module":"farm"},"query":{},"body":{"action":"stop","identity":"start_both failed"}}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > stopstart -m farm --nodes * > must match snapshot 1`] = `
exit 0
--- out
farm on n1: stopstart accepted
--- err
--- sent
postAction {"params":{"module":"farm"},"query":{},"body":{"action":"stopstart","nodes":["*"]}}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > update -m farm --wait > must match snapshot 1`] = `
exit 0
--- out
farm on n1: update accepted
farm on n1: start done: UP (Ready)
--- err
--- sent
postAction {"params":{"module":"farm"},"query":{},"body":{"action":"update"}}
getAction {"params":{"id":"a1"},"query":{},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > userlog list -m farm > must match snapshot 1`] = `
exit 0
--- out
WRITTEN              BYTES  NAME
2026-01-31 14:22:33   1234  userlog_2026-01-31T142233_start_both.ulog
--- err
--- sent
listUserlogs {"params":{"module":"farm"},"query":{},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > userlog show -m farm userlog_x.ulog --json > must match snapshot 1`] = `
exit 0
--- out
{
  "name": "userlog_x.ulog",
  "text": "starting\\n\\u001b[31mred\\u001b[0m\\n"
}
--- err
--- sent
getUserlog {"params":{"module":"farm","name":"userlog_x.ulog"},"query":{},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > userlog show -m farm userlog_x.ulog > must match snapshot 1`] = `
exit 0
--- out
starting
<ESC>[31mred<ESC>[0m
--- err
--- sent
getUserlog {"params":{"module":"farm","name":"userlog_x.ulog"},"query":{},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > waitstart -m farm > must match snapshot 1`] = `
exit 0
--- out
farm on n1: UP (Ready)
--- err
--- sent
waitForState {"params":{"module":"farm"},"query":{"state":"SETTLED","timeoutMs":"60000"},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > waitstate -m farm > must match snapshot 1`] = `
exit 2
--- out
--- err
USAGE: STATE is missing: STOP, WAIT, ALONE, UP, PRIM or SECOND. (holdfast help waitstate shows how)
--- sent

`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > waitstate -m farm READY > must match snapshot 1`] = `
exit 2
--- out
--- err
USAGE: 'READY' is no state to wait for; there are STOP WAIT ALONE UP PRIM SECOND (holdfast help waitstate shows how)
--- sent

`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > waitstate -m farm up > must match snapshot 1`] = `
exit 0
--- out
farm on n1: UP (Ready)
--- err
--- sent
waitForState {"params":{"module":"farm"},"query":{"state":"UP","timeoutMs":"60000"},"body":null}
`

exports[`test/cli/commands.test.ts > TAP > what each command sends and prints > waitstop -m farm --json > must match snapshot 1`] = `
exit 0
--- out
{
  "module": "farm",
  "node": "n1",
  "state": "STOP",
  "quality": "NotReady",
  "path": "UP.ready",
  "tags": [],
  "reason": null,
  "since": "2026-01-31T14:22:33.123Z",
  "sinceMs": 1000,
  "share": 50,
  "activeRule": null,
  "wish": "stop",
  "ready": true,
  "budget": {
    "max": 3,
    "used": 1,
    "expires": "2026-02-01T14:00:00.000Z",
    "causes": [
      {
        "at": "2026-01-31T14:22:33.123Z",
        "action": "restart",
        "by": "errd"
      }
    ]
  },
  "switches": {
    "errd": true,
    "checker": true,
    "failover": true,
    "boot": "on"
  },
  "signature": "0123456789abcdef0123456789abcdef",
  "error": null
}
--- err
--- sent
waitForState {"params":{"module":"farm"},"query":{"state":"STOP","timeoutMs":"60000"},"body":null}
`
