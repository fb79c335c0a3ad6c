import { usePages } from './pages';

/** One data item that is published, as every unit finds it. */
export interface Resource {
  catalogue_id: string;
  /** The unit that provides it. */
  unit: string;
  system: string;
  base_register?: string;
  resource: string;
  table: string;
  field: string;
  type: string;
  share_class: string;
  legal_basis?: string;
  frequency: string;
  sensitivity?: string;
}

export interface ResourceFilter {
  unit: string;
  share_class: string;
  q: string;
}

/** What is published, base registers first, page by page. */
export const useResources = (filter: ResourceFilter) => usePages<Resource>('resources', 'dataresource', '/v1/resources', filter);
