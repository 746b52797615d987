/** HTTPS: state, certificates, the authority; and nodes that join. */
import type { CaHelper, HttpsAdministration, JoinAdministration } from '../../actors/face-https.js';
import { ApiError, unwrap } from '../problem.js';
import { type Handler, json, type Services } from '../request.js';

function httpsOf({ https }: Services): HttpsAdministration {
  if (https === null) throw new ApiError('HTTPS_NONE', 'This daemon was made without HTTPS.');
  return https;
}
function joinOf({ join }: Services): JoinAdministration {
  if (join === null) throw new ApiError('JOIN_NONE', 'This daemon was made without joining.');
  return join;
}

function helperOf({ caHelper }: Services): CaHelper {
  if (caHelper === null) throw new ApiError('HTTPS_NONE', 'This daemon was made without a CA helper.');
  return caHelper;
}

export const getHttps: Handler = (_request, services) => json(httpsOf(services).status());
export const getHttpsAuthority: Handler = (_request, services) => {
  const pem = httpsOf(services).authority();
  if (pem === null) throw new ApiError('HTTPS_NONE', 'HTTPS is not on here, or with a certificate whose authority is not known.');
  const headers = { 'Content-Disposition': 'attachment; filename="cacert.crt"' };
  return { kind: 'bytes', type: 'application/x-pem-file', value: pem, headers };
};
export const setupHttps: Handler = async (request, services) =>
  json(unwrap(await httpsOf(services).setup(await request.json('HttpsSetupBody'), request.caller)));
export const installHttps: Handler = async (request, services) =>
  json(unwrap(await httpsOf(services).install(await request.json('HttpsInstallBody'), request.caller)));
export const renewHttps: Handler = async (request, services) => json(unwrap(await httpsOf(services).renew(request.caller)));
export const switchHttpsOff: Handler = async (request, services) => {
  const { local = false, authority = false } = await request.json('HttpsOffBody');
  return json(unwrap(await httpsOf(services).off(local, request.caller, authority)));
};
export const enrolHttps: Handler = async (request, services) =>
  json(unwrap(await httpsOf(services).enrol(await request.json('HttpsEnrolBody'), request.caller)));
export const signHttps: Handler = async (request, services) =>
  json(unwrap(await httpsOf(services).sign(await request.json('HttpsSignBody'), request.caller)));
export const makeUserCertificate: Handler = async (request, services) =>
  json(unwrap(await httpsOf(services).userCertificate(await request.json('UserCertificateBody'), request.caller)));
export const exportAuthority: Handler = async (request, services) => {
  const { password, move = false } = await request.json('AuthorityExportBody');
  return json(unwrap(await httpsOf(services).exportAuthority(password, move, request.caller)));
};
export const importAuthority: Handler = async (request, services) => {
  const { pem, password } = await request.json('AuthorityImportBody');
  return json(unwrap(await httpsOf(services).importAuthority(pem, password, request.caller)));
};
export const getCaHelper: Handler = (_request, services) => json(helperOf(services).status());
export const startCaHelper: Handler = async (request, services) =>
  json(unwrap(await helperOf(services).start(await request.json('CaHelperBody'), request.caller)));
export const stopCaHelper: Handler = async (request, services) => json(await helperOf(services).stop(request.caller));
export const requestCertificate: Handler = async (request, services) =>
  json(unwrap(await helperOf(services).request(await request.json('CaHelperRequestBody'), request.caller)));
export const inviteNode: Handler = async (request, services) => {
  const { minutes } = await request.json('NodeInvitationBody');
  return json(unwrap(await joinOf(services).invite(minutes, request.caller)));
};
export const joinCluster: Handler = async (request, services) =>
  json(unwrap(await joinOf(services).join(await request.json('JoinBody'), request.caller)));
export const postJoin: Handler = async (request, services) =>
  json(unwrap(await joinOf(services).admit(await request.json('JoinMessage'), request.access.source)));
