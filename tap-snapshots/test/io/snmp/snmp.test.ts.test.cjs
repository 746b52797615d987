/* IMPORTANT
 * This snapshot file is auto-generated, but designed for humans.
 * It should be checked into source control and tracked carefully.
 * Re-generate by setting TAP_SNAPSHOT=1 and running tests.
 * Make sure to inspect the output below.  Do not ignore changes!
 */
'use strict'
exports[`test/io/snmp/snmp.test.ts > TAP > the tables, by SNMPv2c, follow what happens > must match snapshot 1`] = `
HOLDFAST-MIB::hfNodeName.0 = STRING: n1
HOLDFAST-MIB::hfNodeVersion.0 = STRING: 0.1.0
HOLDFAST-MIB::hfNodeViewMembers.0 = Gauge32: 2
HOLDFAST-MIB::hfNodeModules.0 = Gauge32: 2
HOLDFAST-MIB::hfModuleName.3 = STRING: farm
HOLDFAST-MIB::hfModuleName.7 = STRING: db
HOLDFAST-MIB::hfModuleMode.3 = INTEGER: farm(1)
HOLDFAST-MIB::hfModuleMode.7 = INTEGER: farm(1)
HOLDFAST-MIB::hfModuleState.3 = INTEGER: up(3)
HOLDFAST-MIB::hfModuleState.7 = INTEGER: stop(1)
HOLDFAST-MIB::hfModuleQuality.3 = INTEGER: ready(1)
HOLDFAST-MIB::hfModuleQuality.7 = INTEGER: notReady(3)
HOLDFAST-MIB::hfModuleReady.3 = INTEGER: true(1)
HOLDFAST-MIB::hfModuleReady.7 = INTEGER: false(2)
HOLDFAST-MIB::hfModuleShare.3 = Gauge32: 50 percent
HOLDFAST-MIB::hfModuleShare.7 = Gauge32: 0 percent
HOLDFAST-MIB::hfModuleRestartsUsed.3 = Gauge32: 1
HOLDFAST-MIB::hfModuleRestartsUsed.7 = Gauge32: 1
HOLDFAST-MIB::hfModuleRestartsAllowed.3 = Gauge32: 3
HOLDFAST-MIB::hfModuleRestartsAllowed.7 = Gauge32: 3
HOLDFAST-MIB::hfModuleReason.3 = STRING: 
HOLDFAST-MIB::hfModuleReason.7 = STRING: stop called by root ? done
HOLDFAST-MIB::hfResourceName.3.1 = STRING: tcp.db
HOLDFAST-MIB::hfResourceName.3.2 = STRING: custom.load
HOLDFAST-MIB::hfResourceStatus.3.1 = INTEGER: up(2)
HOLDFAST-MIB::hfResourceStatus.3.2 = INTEGER: other(5)
HOLDFAST-MIB::hfResourceValue.3.1 = STRING: up
HOLDFAST-MIB::hfResourceValue.3.2 = STRING: 17 %
HOLDFAST-MIB::hfResourceSince.3.1 = STRING: 2026-01-01T00:00:00.000Z
HOLDFAST-MIB::hfResourceSince.3.2 = STRING: 2026-01-01T00:00:00.000Z

`

exports[`test/io/snmp/snmp.test.ts > TAP > the tables, by SNMPv2c, follow what happens > must match snapshot 2`] = `
HOLDFAST-MIB::hfNodeName.0 = STRING: n1
HOLDFAST-MIB::hfNodeVersion.0 = STRING: 0.1.0
HOLDFAST-MIB::hfNodeViewMembers.0 = Gauge32: 2
HOLDFAST-MIB::hfNodeModules.0 = Gauge32: 1
HOLDFAST-MIB::hfModuleName.3 = STRING: farm
HOLDFAST-MIB::hfModuleMode.3 = INTEGER: farm(1)
HOLDFAST-MIB::hfModuleState.3 = INTEGER: wait(2)
HOLDFAST-MIB::hfModuleQuality.3 = INTEGER: notReady(3)
HOLDFAST-MIB::hfModuleReady.3 = INTEGER: false(2)
HOLDFAST-MIB::hfModuleShare.3 = Gauge32: 50 percent
HOLDFAST-MIB::hfModuleRestartsUsed.3 = Gauge32: 1
HOLDFAST-MIB::hfModuleRestartsAllowed.3 = Gauge32: 3
HOLDFAST-MIB::hfModuleReason.3 = STRING: tcp.db is down
HOLDFAST-MIB::hfResourceName.3.2 = STRING: custom.load
HOLDFAST-MIB::hfResourceName.3.3 = STRING: ip.vip
HOLDFAST-MIB::hfResourceStatus.3.2 = INTEGER: other(5)
HOLDFAST-MIB::hfResourceStatus.3.3 = INTEGER: down(3)
HOLDFAST-MIB::hfResourceValue.3.2 = STRING: 17 %
HOLDFAST-MIB::hfResourceValue.3.3 = STRING: down
HOLDFAST-MIB::hfResourceSince.3.2 = STRING: 2026-01-01T00:00:00.000Z
HOLDFAST-MIB::hfResourceSince.3.3 = STRING: 2026-01-01T00:00:00.000Z

`
