import { App } from 'antd';
import { CheckCircleFilled, InfoCircleFilled } from './icons';

/** Tells the reader in passing what has happened. */
export function useSay(): { done: (what: string) => void; told: (what: string) => void } {
  const { message } = App.useApp();
  return {
    done: (content) => void message.open({ type: 'success', content, icon: <CheckCircleFilled /> }),
    told: (content) => void message.open({ type: 'info', content, icon: <InfoCircleFilled /> }),
  };
}
