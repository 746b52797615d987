/** Notifications: status, configuration, tests. */
import { unwrap } from '../problem.js';
import { type Handler, json, list } from '../request.js';

export const getNotification: Handler = (_request, { face }) => json(face.notification.status());
export const getNotificationConfig: Handler = async (_request, { face }) => ({
  kind: 'bytes',
  type: 'application/json',
  value: unwrap(await face.notification.config()),
});
export const putNotificationConfig: Handler = async (request, { face }) => {
  const text = new TextDecoder().decode(await request.bytes());
  return json(unwrap(await face.notification.configure(text, request.caller)));
};
export const switchNotification: Handler = async (request, { face }) => {
  const { on } = await request.json('NotificationSwitchBody');
  return json(unwrap(await face.notification.enable(on, request.caller)));
};
export const testNotification: Handler = async (request, { face }) => {
  const { channel = null } = await request.json('NotificationTestBody');
  return list(unwrap(await face.notification.test(channel, request.caller)));
};
