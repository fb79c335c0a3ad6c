import { Link } from 'react-router';
import { useThing } from '../api/queries';

/** The way to a project's dossier, by its title as soon as it is known. */
export function ProjectLink({ id }: { id: string }) {
  const title = useThing('declaration', `/v1/projects/${encodeURIComponent(id)}`).data?.['title'];
  return <Link to={`/projects/${id}`}>{typeof title === 'string' ? title : id}</Link>;
}
