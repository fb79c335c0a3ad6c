import type { Project } from '../api/types';
import { useLanguage } from '../i18n/language';
import { road } from '../terms/road';

/** The road of a project, and where on it the project stands. */
export function RoadBar({ project }: { project: Project }) {
  const { t, pick } = useLanguage();
  return (
    <ol className="road" aria-label={t('road')}>
      {road(project).map((s) => (
        <li key={s.key} className={`road-${s.state}`} aria-current={s.state === 'now' || s.state === 'halted' ? 'step' : undefined}>
          <span className="road-dot" aria-hidden />
          <span>{pick(s.label)}</span>
        </li>
      ))}
    </ol>
  );
}
