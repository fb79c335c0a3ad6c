import { AutoComplete } from 'antd';
import { useLabels } from '../api/labels';
import { useProjects } from '../api/queries';
import { useLanguage } from '../i18n/language';

/** Names a project: by its id, or by its title among the latest. The value is the id. */
export function ProjectPicker({ value, onChange, id, label }: { value?: string; onChange?: (v: string) => void; id?: string; label?: string }) {
  const { t } = useLanguage();
  const labels = useLabels();
  const latest = useProjects({ stage: '', kind: '', route: '', unit: '' }).data?.pages.flatMap((p) => p.items) ?? [];
  return (
    <AutoComplete
      id={id}
      aria-label={label}
      allowClear
      value={value}
      onChange={(v: string | undefined) => onChange?.(v ?? '')}
      placeholder={t('ledgerProjectHint')}
      className="wide"
      showSearch={{ filterOption: (typed, o) => `${String(o?.value)} ${String(o?.label)}`.toLowerCase().includes(typed.toLowerCase()) }}
      options={latest.map((p) => ({ value: p.id, label: `${p.title}（${labels.unit(p.unit)}）` }))}
    />
  );
}
