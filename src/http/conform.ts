/**
 * Checks a JSON value against one of the API's schemas: the part of JSON Schema that `schemas.ts` uses, and no more. (A whole validator
 * would cost a tenth of the daemon's memory; a test holds this one to agree with Ajv.)
 */
import type {
  CaHelperOrder,
  CaHelperRequest,
  HttpsEnrol,
  HttpsInstall,
  HttpsSetup,
  HttpsSignRequest,
  JoinMessage,
  JoinOrder,
  UserCertificateRequest,
} from '../actors/face-https.js';
import type {
  ActionBody,
  ActionProgress,
  AddressCheckBody,
  AuthTestBody,
  CleanBody,
  ClusterCheckBody,
  ClusterConfigBody,
  ClusterNodeInfo,
  DirectoryExchange,
  DistributeBody,
  ErrdBody,
  EventPage,
  ExportBody,
  FirstPasswordBody,
  GroupBody,
  InspectConfigBody,
  KillBody,
  LoginBody,
  LoopBody,
  ModuleList,
  ModuleNodeStatus,
  ModuleSummary,
  NewUserBody,
  NotificationSwitchBody,
  NotificationTestBody,
  OwnPasswordBody,
  PrintBody,
  ReceiveModuleBody,
  ResourceBody,
  SelfFacts,
  SnapshotBody,
  SnapshotFile,
  SwitchBody,
  TokenBody,
  UserBody,
  UserImportBody,
} from './api-types.js';
import { isRecord } from './json.js';
import { type JsonSchema, schemas } from './schemas.js';

/** The TypeScript shapes of the schemas that are checked at run time. */
export interface CheckedTypes {
  readonly ActionBody: ActionBody;
  readonly ResourceBody: ResourceBody;
  readonly LoopBody: LoopBody;
  readonly ErrdBody: ErrdBody;
  readonly KillBody: KillBody;
  readonly SwitchBody: SwitchBody;
  readonly PrintBody: PrintBody;
  readonly ClusterConfigBody: ClusterConfigBody;
  readonly ClusterCheckBody: ClusterCheckBody;
  readonly AddressCheckBody: AddressCheckBody;
  readonly InspectConfigBody: InspectConfigBody;
  readonly CleanBody: CleanBody;
  readonly SnapshotBody: SnapshotBody;
  readonly SnapshotFile: SnapshotFile;
  readonly SelfFacts: SelfFacts;
  readonly DistributeBody: DistributeBody;
  readonly ExportBody: ExportBody;
  readonly ReceiveModuleBody: ReceiveModuleBody;
  readonly ClusterNodeInfo: ClusterNodeInfo;
  readonly NotificationSwitchBody: NotificationSwitchBody;
  readonly NotificationTestBody: NotificationTestBody;
  readonly LoginBody: LoginBody;
  readonly AuthTestBody: AuthTestBody;
  readonly DirectoryExchange: DirectoryExchange;
  readonly GroupBody: GroupBody;
  readonly NewUserBody: NewUserBody;
  readonly OwnPasswordBody: OwnPasswordBody;
  readonly TokenBody: TokenBody;
  readonly UserBody: UserBody;
  readonly UserImportBody: UserImportBody;
  readonly HttpsSetupBody: HttpsSetup;
  readonly HttpsInstallBody: HttpsInstall;
  readonly HttpsOffBody: { readonly local?: boolean; readonly authority?: boolean };
  readonly CaHelperBody: CaHelperOrder;
  readonly CaHelperRequestBody: CaHelperRequest;
  readonly HttpsEnrolBody: HttpsEnrol;
  readonly HttpsSignBody: HttpsSignRequest;
  readonly UserCertificateBody: UserCertificateRequest;
  readonly AuthorityExportBody: { readonly password: string; readonly move?: boolean };
  readonly AuthorityImportBody: { readonly pem: string; readonly password: string };
  readonly NodeInvitationBody: { readonly minutes: number };
  readonly JoinBody: JoinOrder;
  readonly JoinMessage: JoinMessage;
  readonly FirstPasswordBody: FirstPasswordBody;
  readonly ModuleList: ModuleList;
  readonly ModuleSummary: ModuleSummary;
  readonly ModuleNodeStatus: ModuleNodeStatus;
  readonly ActionProgress: ActionProgress;
  readonly EventPage: EventPage;
}

const mostProblems = 10;
const refStart = '#/components/schemas/';
const named: Readonly<Record<string, JsonSchema>> = schemas;

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}
function hasType(value: unknown, type: string): boolean {
  const actual = typeOf(value);
  return actual === type || (actual === 'integer' && type === 'number');
}
function checkText(schema: JsonSchema, value: string, at: string, problems: string[]): void {
  const length = [...value].length;
  if (schema.minLength !== undefined && length < schema.minLength)
    problems.push(`${at} must have at least ${schema.minLength} characters`);
  if (schema.maxLength !== undefined && length > schema.maxLength)
    problems.push(`${at} must have at most ${schema.maxLength} characters`);
  if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(value))
    problems.push(`${at} must match ${schema.pattern}`);
}
function checkNumber(schema: JsonSchema, value: number, at: string, problems: string[]): void {
  if (schema.minimum !== undefined && value < schema.minimum) problems.push(`${at} must be at least ${schema.minimum}`);
  if (schema.maximum !== undefined && value > schema.maximum) problems.push(`${at} must be at most ${schema.maximum}`);
}
function checkList(schema: JsonSchema, value: readonly unknown[], at: string, problems: string[]): void {
  if (schema.minItems !== undefined && value.length < schema.minItems)
    problems.push(`${at} must have at least ${schema.minItems} items`);
  if (schema.maxItems !== undefined && value.length > schema.maxItems)
    problems.push(`${at} must have at most ${schema.maxItems} items`);
  if (schema.items !== undefined) {
    for (const [index, item] of value.entries()) {
      if (problems.length >= mostProblems) return;
      check(schema.items, item, `${at}/${index}`, problems);
    }
  }
}
function checkObject(schema: JsonSchema, value: Readonly<Record<string, unknown>>, at: string, problems: string[]): void {
  const { properties = {}, required = [], additionalProperties = true } = schema;
  for (const name of required)
    if (!Object.hasOwn(value, name)) problems.push(`${at || 'the body'} must have ${JSON.stringify(name)}`);
  for (const [name, item] of Object.entries(value)) {
    if (problems.length >= mostProblems) return;
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (property !== undefined) check(property, item, `${at}/${name}`, problems);
    else if (additionalProperties === false)
      problems.push(`${at || 'the body'} must not have ${JSON.stringify(name.slice(0, 50))}`);
    else if (additionalProperties !== true) check(additionalProperties, item, `${at}/${name}`, problems);
  }
}
function check(schema: JsonSchema, value: unknown, at: string, problems: string[]): void {
  if (schema.$ref !== undefined) check(named[schema.$ref.slice(refStart.length)] ?? {}, value, at, problems);
  if (schema.type !== undefined) {
    const types = typeof schema.type === 'string' ? [schema.type] : schema.type;
    if (!types.some((type) => hasType(value, type))) {
      problems.push(`${at || 'the body'} must be ${types.join(' or ')}, but is ${typeOf(value)}`);
      return;
    }
  }
  if (schema.enum !== undefined && !schema.enum.some((one) => one === value)) {
    problems.push(`${at || 'the body'} must be one of ${schema.enum.map((one) => JSON.stringify(one)).join(', ')}`);
  }
  if (schema.anyOf?.every((one) => violations(one, value, at).length > 0) === true) {
    problems.push(
      `${at || 'the body'} is none of what is allowed there: ${schema.anyOf.map((one) => violations(one, value, at)[0]).join('; ')}`,
    );
  }
  if (typeof value === 'string') checkText(schema, value, at, problems);
  else if (typeof value === 'number') checkNumber(schema, value, at, problems);
  else if (Array.isArray(value)) checkList(schema, value, at, problems);
  else if (isRecord(value)) checkObject(schema, value, at, problems);
}

/** What is wrong with a value, in words, the first ten; empty when it conforms. @param at where the value is, for the words. */
export function violations(schema: JsonSchema, value: unknown, at = ''): readonly string[] {
  const problems: string[] = [];
  check(schema, value, at, problems);
  return problems.slice(0, mostProblems);
}

/** Whether a value conforms to the schema of that name. */
export function conforms<N extends keyof CheckedTypes>(name: N, value: unknown): value is CheckedTypes[N] {
  return violations(schemas[name], value).length === 0;
}
