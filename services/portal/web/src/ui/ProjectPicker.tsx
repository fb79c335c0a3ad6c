import { AutoComplete } from 'antd';
import { useLabels } from '../api/labels';
import { rowsOf } from '../api/pages';
import { useProjects } from '../api/queries';
import { useLanguage } from '../i18n/language';

interface Props {
  value?: string;
  onChange?: (v: string) => void;
  id?: string;
  label?: string;
  /** Offers projects of this stage alone; others can still be named. */
  stage?: string | undefined;
}

/** Names a project: by its id, or by its title among the latest. The value is the id. */
export function ProjectPicker({ value, onChange, id, label, stage = '' }: Props) {
  const { t } = useLanguage();
  const labels = useLabels();
  const latest = rowsOf(useProjects({ stage, kind: '', route: '', unit: '' }).data);
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
