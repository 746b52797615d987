/** Routes for the notifications of a node: what is configured, and tests. */
import type { Route } from './route.types.js';

/** A test may take as long as the slowest channel's timeout, 120 s at most. */
const testMs = 125_000;

export const notificationRoutes = [
  {
    method: 'GET',
    path: '/notification',
    operationId: 'getNotification',
    role: 'monitor',
    tag: 'Notifications',
    summary: 'The channels by which this node tells people what happens, and how they fare (`notification status`).',
    success: { status: 200, schema: 'NotificationStatus', description: 'The channels; nothing secret is in it.' },
    errors: [],
  },
  {
    method: 'GET',
    path: '/notification/config',
    operationId: 'getNotificationConfig',
    role: 'admin',
    tag: 'Notifications',
    summary: 'notification.json as it is applied.',
    success: { status: 200, type: 'application/json', description: 'The file.' },
    errors: ['CONF_NONE'],
  },
  {
    method: 'PUT',
    path: '/notification/config',
    operationId: 'putNotificationConfig',
    role: 'admin',
    answerMs: 10_000,
    tag: 'Notifications',
    summary: 'Checks notification.json and applies it (`notification config FILE`).',
    body: { kind: 'bytes', types: ['application/json'], limit: 256 * 1024, required: true },
    success: { status: 200, schema: 'NotificationStatus', description: 'Applied.' },
    errors: ['CONF_INVALID', 'DISK'],
  },
  {
    method: 'PUT',
    path: '/notification/enabled',
    operationId: 'switchNotification',
    role: 'admin',
    answerMs: 10_000,
    tag: 'Notifications',
    summary: 'Switches notifications on or off (`notification enable|disable`); it is kept in notification.json.',
    body: { kind: 'json', schema: 'NotificationSwitchBody' },
    success: { status: 200, schema: 'NotificationStatus', description: 'Switched.' },
    errors: ['CONF_NONE', 'CONF_INVALID', 'DISK'],
  },
  {
    method: 'POST',
    path: '/notification/test',
    operationId: 'testNotification',
    role: 'admin',
    answerMs: testMs,
    tag: 'Notifications',
    summary: 'Sends a test by one channel or by all, and says how it went (`notification test`).',
    body: { kind: 'json', schema: 'NotificationTestBody' },
    success: { status: 200, schema: 'NotificationTestList', description: 'One item for each channel.' },
    errors: ['CONF_NONE', 'NOTIFICATION_CHANNEL'],
  },
] as const satisfies readonly Route[];
