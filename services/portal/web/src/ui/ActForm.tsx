import { Button, DatePicker, Form, Input, InputNumber, Radio, Select } from 'antd';
import type { FormInstance, FormRule } from 'antd';
import dayjs from 'dayjs';
import type { Field } from '../api/acts';
import { useLabels } from '../api/labels';
import { useThing, useUnits } from '../api/queries';
import { useLanguage } from '../i18n/language';
import { codesOf } from '../terms/choices';
import { fen, fromWan, toWan } from '../terms/money';
import { ROLES, UNITS } from '../terms/names';
import type { Path } from '../terms/violations';
import { DeleteOutlined, PlusOutlined } from './icons';

const UNIT = /^(unit|agency|supervisor|member|assessor_unit|to_unit|from_unit|lead|provider|of_unit|parent|successor)$/;
const UNITS_FIELD = /^(units|responsible)$/;
const ROLE_CHOICE = Object.keys(ROLES);

/** The rule that an amount in 万元 is one. */
export function useAmountRule() {
  const { t } = useLanguage();
  return {
    validator: (_: unknown, v: unknown) =>
      v === undefined || v === null || v === '' || fromWan(v as string) !== null ? Promise.resolve() : Promise.reject(new Error(t('badAmount'))),
  };
}

interface Listed {
  id?: string;
  code?: string;
  title?: string;
  name?: string;
  recipients?: string;
}

// What a part is called by, and what a form sends for it. A part without a name
// of its own is known by its number, from one.
function choiceOf(part: unknown, n: number, by: string[] | undefined): { value: string | number; label: string } {
  if (typeof part === 'string') return { value: part, label: part };
  if (by) {
    const named = by.map((name) => [name, (part as Record<string, unknown>)[name]]);
    return { value: JSON.stringify(Object.fromEntries(named)), label: named.map(([, v]) => String(v)).join(' / ') };
  }
  const x = part as Listed;
  const value = x.id ?? x.code ?? n + 1;
  return { value, label: x.title ?? x.name ?? (x.recipients ? `${n + 1}. ${x.recipients}` : String(value)) };
}

/** Chooses one of what a service lists, or of the parts of the thing itself; several, where they are named by fields. */
function Reference({ service, path, part, by, ...control }: { service: string; path: string; part: string; by?: string[] | undefined; placeholder?: string; value?: string; onChange?: (v: string) => void; id?: string }) {
  const found = useThing(service, path);
  const list = (found.data?.[part] as unknown[] | undefined) ?? [];
  return <Select {...control} {...(by ? { mode: 'multiple' as const } : {})} loading={found.isPending} showSearch={{ optionFilterProp: 'label' }} options={list.map((x, n) => choiceOf(x, n, by))} />;
}

const isFilled = (v: unknown): boolean =>
  v !== undefined && v !== null && v !== '' && (typeof v !== 'object' || Object.values(v).some(isFilled));

interface EntryProps {
  field: Field;
  /** Its name in the form, from the list that it stands in. */
  at: Path;
  /** The way to that list; empty where it stands in none. */
  under?: Path;
  /** The whole path of a group that can be left out: what it requires, it requires once begun. */
  optional?: Path | undefined;
  service: string;
  thing: string;
}

function Entry({ field, at, under = [], optional, service, thing }: EntryProps) {
  const { t, pick } = useLanguage();
  const labels = useLabels();
  const units = useUnits().data;
  const amount = useAmountRule();
  const label = labels.field(field.name, service);
  const begun: FormRule = ({ getFieldValue }) => ({
    validator: (_, v) => (isFilled(v) || !isFilled(getFieldValue(optional)) ? Promise.resolve() : Promise.reject(new Error(t('required')))),
  });
  const rules: FormRule[] = !field.required ? [] : optional ? [begun] : [{ required: true, message: t('required') }];
  const item = (control: React.ReactNode, more: FormRule[] = []) => (
    <Form.Item name={at} label={label} rules={[...rules, ...more]} required={field.required && !optional}>
      {control}
    </Form.Item>
  );
  switch (field.kind) {
    case 'bool':
      return item(
        <Radio.Group
          aria-label={label}
          options={[
            { value: true, label: t('yes') },
            { value: false, label: t('no') },
          ]}
        />,
      );
    case 'money':
      return item(<InputNumber<string> stringMode controls={false} suffix={t('wan')} className="wide" inputMode="decimal" />, [amount]);
    case 'number':
      return item(<InputNumber min={field.minimum} max={field.maximum} precision={0} controls={false} className="wide" />);
    case 'date':
      return item(<DatePicker className="wide" />);
    case 'choice':
      return item(<Select options={(field.choices ?? []).map((c) => ({ value: c, label: labels.value(field.name, c) }))} />);
    case 'words':
      if (UNITS_FIELD.test(field.name)) {
        return item(<Select mode="multiple" showSearch={{ optionFilterProp: 'label' }} options={(units?.map((u) => u.code) ?? Object.keys(UNITS)).map((value) => ({ value, label: labels.unit(value) }))} />);
      }
      if (field.name === 'roles') return item(<Select mode="multiple" showSearch={{ optionFilterProp: 'label' }} options={ROLE_CHOICE.map((value) => ({ value, label: labels.value('role', value) }))} />);
      return item(<Select mode="tags" open={false} suffix={null} tokenSeparators={[',', '，', ';', '；']} />);
    case 'long':
      return item(<Input.TextArea rows={3} classNames={{ textarea: 'grows' }} />);
    case 'json':
      return item(<Input.TextArea rows={3} classNames={{ textarea: 'grows code' }} spellCheck={false} />, [
        {
          validator: (_: unknown, v: unknown) => {
            if (typeof v !== 'string' || v === '') return Promise.resolve();
            try {
              JSON.parse(v);
              return Promise.resolve();
            } catch {
              return Promise.reject(new Error('JSON'));
            }
          },
        },
      ]);
    case 'ref':
    case 'refs':
      return item(<Reference service={service} path={field.list ?? thing} part={field.within ?? 'items'} by={field.by} {...(field.by && !field.required ? { placeholder: t('allUnlessChosen') } : {})} />);
    case 'group':
      return (
        <fieldset className="group">
          <legend>{label}</legend>
          {field.fields?.map((f) => (
            <Entry key={f.name} field={f} at={[...at, f.name]} under={under} optional={optional ?? (field.required ? undefined : [...under, ...at])} service={service} thing={thing} />
          ))}
        </fieldset>
      );
    case 'list':
      return (
        <Form.List name={at}>
          {(entries, { add, remove }) => (
            <fieldset className="group">
              <legend>{label}</legend>
              {entries.map((e) => (
                <div key={e.key} className="list-entry">
                  {field.fields?.map((f) => (
                    <Entry key={f.name} field={f} at={[e.name, f.name]} under={[...under, ...at]} service={service} thing={thing} />
                  ))}
                  <Button type="text" icon={<DeleteOutlined />} onClick={() => remove(e.name)}>
                    {t('remove')}
                  </Button>
                </div>
              ))}
              <Button type="dashed" icon={<PlusOutlined />} onClick={() => add({})} block>
                {t('add')}
              </Button>
            </fieldset>
          )}
        </Form.List>
      );
    case 'text': {
      const codes = codesOf(service, field.name);
      if (codes.length > 0) return item(<Select options={codes.map((c) => ({ value: c, label: labels.value(field.name, c) }))} />);
      const terms = labels.terms(field.vocabulary ?? '');
      if (terms.length > 0) return item(<Select options={terms.map((x) => ({ value: x.code, label: pick(x) }))} />);
      if (field.name === 'role') return item(<Select showSearch={{ optionFilterProp: 'label' }} options={ROLE_CHOICE.map((value) => ({ value, label: labels.value('role', value) }))} />);
      if (UNIT.test(field.name)) {
        const list = units?.map((u) => u.code) ?? Object.keys(UNITS);
        return item(<Select showSearch={{ optionFilterProp: 'label' }} options={list.map((c) => ({ value: c, label: `${labels.unit(c)}（${c}）` }))} />);
      }
      return item(<Input />);
    }
  }
}

/** A form made from an act's fields. */
export function ActForm({
  form,
  service,
  fields,
  thing,
  initial,
  onFinish,
}: {
  form: FormInstance;
  service: string;
  fields: Field[];
  /** The path of the thing that is acted on, or empty. */
  thing: string;
  /** What the form need not ask for. */
  initial: Record<string, unknown>;
  onFinish: () => void;
}) {
  return (
    <Form form={form} name="act" layout="vertical" onFinish={onFinish} initialValues={initial} scrollToFirstError>
      {fields.map((f) => (
        <Entry key={f.name} field={f} at={[f.name]} service={service} thing={thing} />
      ))}
    </Form>
  );
}

/**
 * Rows that a list in the form begins with: one for each criterion of the
 * rules, or for each part that the thing itself names.
 */
export function rowsFor(fields: Field[], terms: (vocabulary: string) => { code: string }[], thing: Record<string, unknown> | undefined): Record<string, unknown> {
  const rows: Record<string, unknown> = {};
  for (const f of fields) {
    if (f.kind !== 'list') continue;
    for (const entry of f.fields ?? []) {
      const codes = terms(entry.vocabulary ?? '').map((x) => x.code);
      const parts = f.name === `${entry.name}s` && Array.isArray(thing?.[f.name]) ? (thing[f.name] as unknown[]).filter((x) => typeof x === 'string') : [];
      const found = codes.length > 0 ? codes : parts;
      if (found.length > 0) rows[f.name] = found.map((code) => ({ [entry.name]: code }));
    }
  }
  return rows;
}

/** What a form that replaces a thing begins with: the thing as it is. */
export function inward(fields: Field[], thing: Record<string, unknown>): Record<string, unknown> {
  const entered = (f: Field, v: unknown): unknown => {
    switch (f.kind) {
      case 'money':
        return toWan(fen(v));
      case 'date':
        return dayjs(v as string);
      case 'json':
        return JSON.stringify(v);
      case 'group':
        return inward(f.fields ?? [], v as Record<string, unknown>);
      case 'list':
        return (v as Record<string, unknown>[]).map((e) => inward(f.fields ?? [], e));
      default:
        return v;
    }
  };
  return Object.fromEntries(fields.filter((f) => thing[f.name] !== undefined && thing[f.name] !== null && thing[f.name] !== '').map((f) => [f.name, entered(f, thing[f.name])]));
}

/** What the form holds, as the service wants it; empty fields are left out. */
export function outward(fields: Field[], values: Record<string, unknown>): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const f of fields) {
    const v = one(f, values[f.name]);
    if (v !== undefined) out[f.name] = v;
  }
  return out;
}

function one(f: Field, v: unknown): unknown {
  if (v === undefined || v === null || v === '') return undefined;
  switch (f.kind) {
    case 'money':
      return fromWan(v as string) ?? undefined;
    case 'date':
      return dayjs.isDayjs(v) ? v.format('YYYY-MM-DD') : v;
    case 'json':
      return JSON.parse(v as string) as unknown;
    case 'refs':
      return (v as string[]).map((x) => JSON.parse(x) as unknown);
    case 'group': {
      const g = outward(f.fields ?? [], v as Record<string, unknown>);
      return Object.keys(g).length > 0 ? g : undefined;
    }
    case 'list':
      return (v as Record<string, unknown>[]).map((e) => outward(f.fields ?? [], e));
    default:
      return v;
  }
}

/** The form field that a violation's path leads to, or the nearest above it. */
export function fieldAt(fields: Field[], path: Path): Path | null {
  const [head, ...rest] = path;
  const f = fields.find((x) => x.name === head);
  if (!f) return null;
  if (f.kind === 'list' && typeof rest[0] === 'number') {
    const deeper = fieldAt(f.fields ?? [], rest.slice(1));
    return deeper ? [f.name, rest[0], ...deeper] : null;
  }
  if (f.kind === 'group') {
    const deeper = fieldAt(f.fields ?? [], rest);
    return deeper ? [f.name, ...deeper] : null;
  }
  return f.kind === 'list' ? null : [f.name];
}
