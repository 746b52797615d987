/** The cluster: its nodes as they are, and the wizard that sets it up. */
import type { PageProps } from '../../pages.js';
import { ClusterHome } from './cluster-home.js';
import { ClusterWizard } from './cluster-wizard.js';

export function ClusterPages({ rest }: PageProps) {
  return rest[0] === 'config' ? <ClusterWizard /> : <ClusterHome />;
}
