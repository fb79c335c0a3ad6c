import { useMutation } from '@tanstack/react-query';
import { Alert, Button, Upload } from 'antd';
import { ask, at } from '../api/client';
import type { BudgetLine, SheetFinding, SheetReading } from '../api/types';
import { useLanguage } from '../i18n/language';
import { yuan } from '../terms/money';
import { ProblemView, Provisions } from './Bits';
import { DownloadOutlined, ExclamationCircleFilled, ExportOutlined, ImportOutlined, MinusCircleOutlined } from './icons';
import { useSay } from './say';

function Findings({ list }: { list: SheetFinding[] }) {
  const { t, pick } = useLanguage();
  return (
    <ul className="sheet-findings" aria-label={t('sheetFindings')}>
      {list.map((f, i) => (
        <li key={i} className={`finding finding-${f.severity}`}>
          {f.severity === 'error' ? <ExclamationCircleFilled aria-hidden /> : <MinusCircleOutlined />}
          <div>
            <b className="num">{f.field}</b> {pick({ zh: f.message, en: f.message_en })} <Provisions ids={f.basis} />
          </div>
        </li>
      ))}
    </ul>
  );
}

/** The budget as a spreadsheet: its template, a filled-in one taken over, the stored one. */
export function BudgetSheet({ id, amountFen, onLines }: { id: string | undefined; amountFen: number; onLines: (lines: BudgetLine[]) => void }) {
  const { t } = useLanguage();
  const say = useSay();
  const read = useMutation({
    mutationFn: async (file: File) => (await ask<SheetReading>(at('declaration', '/v1/budget-sheet', { amount_fen: amountFen }), { method: 'POST', file })).body,
    onSuccess: (r) => {
      if (!r.ready) return;
      onLines(r.lines);
      say.done(t('sheetRead', { n: r.lines.length, sum: yuan(r.sum_fen) }));
    },
  });
  const found = read.data?.findings ?? [];
  return (
    <div className="sheet">
      <div className="row">
        <Button size="small" icon={<DownloadOutlined />} href={at('declaration', '/v1/budget-sheet')} download>
          {t('sheetTemplate')}
        </Button>
        <Upload
          showUploadList={false}
          accept=".xlsx"
          disabled={read.isPending}
          beforeUpload={(file) => {
            read.mutate(file);
            return Upload.LIST_IGNORE;
          }}
        >
          <Button size="small" icon={<ImportOutlined />} loading={read.isPending}>
            {t('sheetImport')}
          </Button>
        </Upload>
        {id === undefined ? (
          <Button size="small" icon={<ExportOutlined />} disabled title={t('sheetExportHint')}>
            {t('sheetExport')}
          </Button>
        ) : (
          <Button size="small" icon={<ExportOutlined />} href={at('declaration', `/v1/projects/${id}/budget-sheet`)} download>
            {t('sheetExport')}
          </Button>
        )}
      </div>
      {read.isError && <ProblemView error={read.error} />}
      {read.data?.ready === false && <Alert type="error" showIcon title={t('sheetRefused')} />}
      {found.length > 0 && <Findings list={found} />}
    </div>
  );
}
