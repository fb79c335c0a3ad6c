import { useMutation } from '@tanstack/react-query';
import { Button, Checkbox, DatePicker, Drawer, Form, Input, Radio, Select, Upload } from 'antd';
import dayjs from 'dayjs';
import { useRef, useState } from 'react';
import { asProblem, ask, at, newKey } from '../api/client';
import { useLabels } from '../api/labels';
import { useUnits } from '../api/queries';
import type { AuditPaper, Violation } from '../api/types';
import { useLanguage } from '../i18n/language';
import { UNITS } from '../terms/names';
import { place, spoken } from '../terms/violations';
import { ProblemView } from './Bits';
import { CloseOutlined, UploadOutlined } from './icons';
import { ProjectPicker } from './ProjectPicker';
import { useSay } from './say';

/** One field of a form, under the name that the service knows. */
export interface FormField {
  name: string;
  label: string;
  kind: 'text' | 'long' | 'words' | 'date' | 'choice' | 'several' | 'bool' | 'check' | 'papers' | 'unit' | 'project';
  required?: boolean;
  hint?: string;
  options?: { value: string; label: string }[];
  /** Why what is entered will not do; empty where it will. */
  wrong?: (v: unknown) => string;
  /** Of a project: the stage of those offered. */
  stage?: string;
  /** Of papers: the path of the service where each is handed over. */
  upload?: string;
  /** Whether the field is asked for, by what the form holds. */
  when?: (values: Record<string, unknown>) => boolean;
}

/** One act: what its form asks, and where the answer goes. */
export interface FormAct {
  service: string;
  /** Where the form goes; some of what is entered may name it. */
  path: string | ((entered: Record<string, unknown>) => string);
  title: string;
  lead?: string;
  fields: FormField[];
  initial?: Record<string, unknown>;
  /** What is sent besides. */
  fixed?: Record<string, unknown>;
  /** Fields that steer the form and are not sent. */
  unsent?: string[];
  /** What is sent, where it is not the fields as they are. */
  compose?: (entered: Record<string, unknown>) => Record<string, unknown>;
}

/** Papers handed over one by one; the value is their hashes. */
function Papers({ service, path, value = [], onChange }: { service: string; path: string; value?: string[]; onChange?: (v: string[]) => void }) {
  const { t } = useLanguage();
  const [kept, setKept] = useState<AuditPaper[]>([]);
  const attach = useMutation({
    mutationFn: (file: File) => ask<AuditPaper>(at(service, path, { name: file.name }), { method: 'POST', file }),
    onSuccess: ({ body }) => {
      setKept((list) => [...list.filter((p) => p.sha256 !== body.sha256), body]);
      onChange?.([...value.filter((h) => h !== body.sha256), body.sha256]);
    },
  });
  return (
    <>
      {attach.isError && <ProblemView error={attach.error} />}
      <ul className="papers">
        {kept
          .filter((p) => value.includes(p.sha256))
          .map((p) => (
            <li key={p.sha256}>
              {p.name} <Button type="text" size="small" icon={<CloseOutlined />} aria-label={`${t('remove')} ${p.name}`} onClick={() => onChange?.(value.filter((h) => h !== p.sha256))} />
            </li>
          ))}
      </ul>
      <Upload
        showUploadList={false}
        disabled={attach.isPending}
        beforeUpload={(file) => {
          attach.mutate(file);
          return Upload.LIST_IGNORE;
        }}
      >
        <Button icon={<UploadOutlined />} loading={attach.isPending}>
          {t('fPaperAdd')}
        </Button>
      </Upload>
    </>
  );
}

function Control({ act, field, ...control }: { act: FormAct; field: FormField; id?: string; value?: never; onChange?: (v: unknown) => void; checked?: boolean }) {
  const { t } = useLanguage();
  const labels = useLabels();
  const units = useUnits().data;
  switch (field.kind) {
    case 'text':
      return <Input {...control} />;
    case 'long':
      return <Input.TextArea {...control} rows={4} classNames={{ textarea: 'grows' }} />;
    case 'words':
      return <Select {...control} mode="tags" open={false} suffix={null} />;
    case 'date':
      return <DatePicker {...control} className="wide" />;
    case 'choice':
      return <Select {...control} options={field.options} />;
    case 'several':
      return <Select {...control} mode="multiple" options={field.options} />;
    case 'bool':
      return (
        <Radio.Group
          {...control}
          options={[
            { value: true, label: t('yes') },
            { value: false, label: t('no') },
          ]}
        />
      );
    case 'check':
      return <Checkbox {...control}>{field.label}</Checkbox>;
    case 'papers':
      return <Papers {...control} service={act.service} path={field.upload ?? ''} />;
    case 'project':
      return <ProjectPicker {...control} stage={field.stage} />;
    case 'unit':
      return (
        <Select
          {...control}
          showSearch={{ optionFilterProp: 'label' }}
          options={(units?.map((u) => u.code) ?? Object.keys(UNITS)).map((value) => ({ value, label: labels.unit(value) }))}
        />
      );
  }
}

const worth = (v: unknown): boolean => v !== undefined && v !== null && v !== '' && !(Array.isArray(v) && v.length === 0);

function Body({ act, onDone, onClose }: { act: FormAct; onDone: (answer: unknown) => void; onClose: () => void }) {
  const { t, pick } = useLanguage();
  const say = useSay();
  const [form] = Form.useForm<Record<string, unknown>>();
  const values = Form.useWatch((v: Record<string, unknown>) => v, form) as Record<string, unknown> | undefined;
  const [rest, setRest] = useState<Violation[]>([]);
  const attempt = useRef({ said: '', key: '' });
  const shown = act.fields.filter((f) => f.when?.(values ?? act.initial ?? {}) ?? true);
  const names: Record<string, string> = Object.fromEntries(act.fields.map((f) => [f.name, f.label]));

  const send = useMutation({
    mutationFn: (entered: Record<string, unknown>) => {
      setRest([]);
      const body: Record<string, unknown> = { ...act.fixed, ...act.compose?.(entered) };
      for (const f of shown) {
        const v = entered[f.name];
        if (!worth(v) || act.compose || act.unsent?.includes(f.name)) continue;
        body[f.name] = dayjs.isDayjs(v) ? v.format('YYYY-MM-DD') : v;
      }
      const path = typeof act.path === 'string' ? act.path : act.path(entered);
      // The same attempt repeated has one effect; another content is another attempt.
      const said = JSON.stringify([path, body]);
      if (attempt.current.said !== said) attempt.current = { said, key: newKey() };
      return ask(at(act.service, path), { method: 'POST', body: Object.keys(body).length === 0 ? undefined : body, key: attempt.current.key });
    },
    onSuccess: ({ body }) => {
      say.done(t('actDone'));
      onDone(body);
    },
    onError: (e) => {
      attempt.current = { said: '', key: '' };
      const { fields, rest: others } = place(asProblem(e).violations, (path) => (shown.some((f) => f.name === path[0]) ? path.slice(0, 1) : null));
      form.setFields([...fields.values()].map(({ path, list }) => ({ name: path, errors: list.map((v) => spoken(v, pick)) })));
      setRest(others);
    },
  });

  return (
    <div className="act">
      {send.isError && <ProblemView error={send.error} violations={rest} names={names} />}
      {act.lead && <p className="quiet">{act.lead}</p>}
      <Form form={form} name="matter" layout="vertical" initialValues={act.initial} onFinish={(v) => send.mutate(v)} scrollToFirstError>
        {shown.map((f) => (
          <Form.Item
            key={f.name}
            name={f.name}
            label={f.kind === 'check' ? undefined : f.label}
            extra={f.hint}
            valuePropName={f.kind === 'check' ? 'checked' : 'value'}
            rules={[
              ...(f.required ? [{ required: true, message: t('required') }] : []),
              ...(f.wrong ? [{ validator: (_: unknown, v: unknown) => (worth(v) && f.wrong?.(v) ? Promise.reject(new Error(f.wrong(v))) : Promise.resolve()) }] : []),
            ]}
          >
            <Control act={act} field={f} />
          </Form.Item>
        ))}
      </Form>
      <p className="quiet small">{t('actSealed')}</p>
      <div className="act-foot">
        <Button type="primary" loading={send.isPending} onClick={() => form.submit()}>
          {t('confirm')}
        </Button>
        <Button onClick={onClose}>{t('cancel')}</Button>
      </div>
    </div>
  );
}

/** The drawer in which one act's form is filled in. */
export function FormDrawer({ act, onClose, onDone }: { act: FormAct | null; onClose: () => void; onDone: (answer: unknown) => void }) {
  return (
    <Drawer open={act !== null} onClose={onClose} size={560} destroyOnHidden title={act?.title}>
      {act && (
        <Body
          key={act.title}
          act={act}
          onClose={onClose}
          onDone={(answer) => {
            onClose();
            onDone(answer);
          }}
        />
      )}
    </Drawer>
  );
}
