/** cluster.xml as networks and nodes, over its text. */
import {
  addElement,
  childrenIn,
  type EditDocument,
  type EditElement,
  removeElement,
  setAttribute,
  type TextChange,
} from '../../../config/xml-edit.js';

/** A node on one network. */
export interface NodeRow {
  readonly element: EditElement;
  readonly name: string;
  readonly address: string;
}
export interface LanRow {
  readonly element: EditElement;
  readonly name: string;
  readonly nodes: readonly NodeRow[];
}
const attributeOf = (element: EditElement, name: string): string =>
  element.attributes.find((one) => one.name === name)?.value ?? '';

/** What the wizard begins with. */
export function firstCluster(node: string, address: string): string {
  return `<cluster>\n  <lans>\n    <lan name="default">\n      <node name="${node}" addr="${address}"/>\n      <node name="" addr=""/>\n    </lan>\n  </lans>\n</cluster>\n`;
}
/** The networks; null where the file has none. */
export function lansOf(document: EditDocument): { readonly lans: EditElement; readonly rows: readonly LanRow[] } | null {
  const lans = document.elements.find(({ path }) => path === 'cluster/lans');
  if (lans === undefined) return null;
  const rows = childrenIn(document, lans, 'lan').map((element) => ({
    element,
    name: attributeOf(element, 'name'),
    nodes: childrenIn(document, element, 'node').map((node) => ({
      element: node,
      name: attributeOf(node, 'name'),
      address: attributeOf(node, 'addr'),
    })),
  }));
  return { lans, rows };
}
/** Names of the nodes, in the order of the file. */
export function namesOf(rows: readonly LanRow[]): readonly string[] {
  return [...new Set(rows.flatMap((row) => row.nodes.map(({ name }) => name)))].filter((name) => name !== '');
}
/** A node has one name on all networks: it is changed on each. */
export function renameNode(document: EditDocument, rows: readonly LanRow[], node: NodeRow, name: string): readonly TextChange[] {
  const same = node.name === '' ? [node] : rows.flatMap((row) => row.nodes.filter((one) => one.name === node.name));
  return same.flatMap(({ element }) => setAttribute(document, element, 'name', name));
}
/** An address as it is written in the file: IPv6 in brackets. */
export function writtenAddress(address: string): string {
  const plain = address.trim();
  return plain.includes(':') && !plain.startsWith('[') ? `[${plain}]` : plain;
}
export function addNodeRow(document: EditDocument, lan: LanRow, name = '', address = ''): readonly TextChange[] {
  return addElement(document, lan.element, { name: 'node', attributes: { name, addr: address } });
}
/** Another network, with all nodes that are there. */
export function addLan(document: EditDocument, lans: EditElement, rows: readonly LanRow[]): readonly TextChange[] {
  const taken = rows.map((row) => row.name);
  const name =
    ['default', 'private', ...rows.map((_, index) => `lan${index + 2}`)].find((one) => !taken.includes(one)) ??
    `lan${rows.length + 1}`;
  const children = namesOf(rows).map((node) => ({ name: 'node', attributes: { name: node, addr: '' } }));
  return addElement(document, lans, { name: 'lan', attributes: { name }, children });
}
export function removeRow(document: EditDocument, row: { readonly element: EditElement }): readonly TextChange[] {
  return removeElement(document, row.element);
}
