/* IMPORTANT
 * This snapshot file is auto-generated, but designed for humans.
 * It should be checked into source control and tracked carefully.
 * Re-generate by setting TAP_SNAPSHOT=1 and running tests.
 * Make sure to inspect the output below.  Do not ignore changes!
 */
'use strict'
exports[`test/io/notify/config.test.ts > TAP > everything wrong is told at once, with its place and a remedy > must match snapshot 1`] = `
2:14 CONF_ATTRIBUTE_VALUE enabled is "yes". It must be true or false.
3:20 CONF_ATTRIBUTE_VALUE windowSeconds is 601. It must be a whole number from 0 to 600.
4:22 CONF_ATTRIBUTE_VALUE criticalSeconds is 1.5. It must be a whole number from 0 to 600.
6:5 CONF_ATTRIBUTE_VALUE modules[0] is "1st". It must be the name of a module.
8:13 CONF_SETTING_UNKNOWN There is no setting "colour" here. There are critical, criticalSeconds, email, enabled, executable, explain, modules, nodes, states, webhook, windowSeconds.
10:12 CONF_CONFLICT Two channels are called "email". Give each a "name" of its own: logs and \`notification test\` tell them apart by it.
12:15 CONF_ATTRIBUTE_VALUE email[0].from is "nobody". It must be an address such as ops@example.org or Operators <ops@example.org>.
13:13 CONF_ATTRIBUTE_VALUE email[0].to is []. It must be a list of 1 to 100 texts, in brackets.
14:15 CONF_ATTRIBUTE_VALUE email[0].host is "a b". It must be the name or address of a server.
15:15 CONF_ATTRIBUTE_VALUE email[0].port is 0. It must be a whole number from 1 to 65535.
16:19 CONF_ATTRIBUTE_VALUE email[0].security is "ssl". It must be one of starttls, tls, none.
21:9 CONF_ATTRIBUTE_VALUE email[1].to[0] is "x". It must be an address such as ops@example.org or Operators <ops@example.org>.
24:19 CONF_CONFLICT With security "none" the password would cross the network in the clear. Take "starttls" or "tls", or leave credentialsFile out.
27:5 CONF_ATTRIBUTE_VALUE email[2] is "text". It must be an object: { … }.
29:14 CONF_CONFLICT Two channels are called "webhook". Give each a "name" of its own: logs and \`notification test\` tell them apart by it.
29:14 CONF_CONFLICT Two channels are called "webhook". Give each a "name" of its own: logs and \`notification test\` tell them apart by it.
31:14 CONF_ATTRIBUTE_VALUE webhook[0].url is not right. It must begin with https:// (http:// is allowed to this machine only).
31:14 CONF_CONFLICT There is no right url, and no urlFile. Say where to, with one of them.
35:14 CONF_ATTRIBUTE_VALUE webhook[1].url is not right. Put no user and password in it: use urlFile or secretFile.
35:14 CONF_CONFLICT There is no right url, and no urlFile. Say where to, with one of them.
39:14 CONF_ATTRIBUTE_VALUE webhook[2].url is not right. It must be an address such as https://hooks.example.org/holdfast.
39:14 CONF_CONFLICT There is no right url, and no urlFile. Say where to, with one of them.
41:5 CONF_CONFLICT There is no right url, and no urlFile. Say where to, with one of them.
45:15 CONF_ATTRIBUTE_VALUE executable[0].path is "bin/page". It must be an absolute path.
48:9 CONF_ATTRIBUTE_VALUE executable[0].args[1] is 7. It must be a text of 1 to 2000 characters on one line.
50:25 CONF_ATTRIBUTE_VALUE executable[0].timeoutSeconds is 121. It must be a whole number from 1 to 120.
51:15 CONF_ATTRIBUTE_VALUE executable[0].name is "a b". It must be 1 to 40 letters, digits, dots, hyphens.
53:5 CONF_ATTRIBUTE_MISSING "path" is missing in executable[1]. Add "path".
`

exports[`test/io/notify/config.test.ts > TAP > everything wrong is told at once, with its place and a remedy > must match snapshot 2`] = `
2:12 CONF_ATTRIBUTE_VALUE email is {}. It must be a list of at most 20 objects: [ { … } ].
7:18 CONF_CONFLICT url and urlFile are both there. Take one of them out.
`

exports[`test/io/notify/config.test.ts > TAP > everything wrong is told at once, with its place and a remedy > must match snapshot 3`] = `
1:1 CONF_ATTRIBUTE_VALUE The file is not one object. It must be { … }.
`
