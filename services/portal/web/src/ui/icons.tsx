// The icons of the portal. Each stands beside words, or in a button that has a
// name, and says nothing else: a screen reader passes over all but those that
// are given a name of their own.
import * as shapes from '@ant-design/icons';
import type { ComponentProps, ComponentType } from 'react';

type Look = Omit<ComponentProps<typeof shapes.UserOutlined>, 'ref'>;

function silent(Shape: ComponentType<Look>) {
  return function Icon(look: Look) {
    return <Shape {...look} aria-hidden={look['aria-label'] === undefined} />;
  };
}

export const AccountBookOutlined = silent(shapes.AccountBookOutlined);
export const AppstoreOutlined = silent(shapes.AppstoreOutlined);
export const AuditOutlined = silent(shapes.AuditOutlined);
export const CalendarOutlined = silent(shapes.CalendarOutlined);
export const CheckCircleFilled = silent(shapes.CheckCircleFilled);
export const CheckOutlined = silent(shapes.CheckOutlined);
export const CloseCircleFilled = silent(shapes.CloseCircleFilled);
export const CloseOutlined = silent(shapes.CloseOutlined);
export const DatabaseOutlined = silent(shapes.DatabaseOutlined);
export const DeleteOutlined = silent(shapes.DeleteOutlined);
export const DownOutlined = silent(shapes.DownOutlined);
export const DownloadOutlined = silent(shapes.DownloadOutlined);
export const EditOutlined = silent(shapes.EditOutlined);
export const ExclamationCircleFilled = silent(shapes.ExclamationCircleFilled);
export const ExportOutlined = silent(shapes.ExportOutlined);
export const FileAddOutlined = silent(shapes.FileAddOutlined);
export const FileProtectOutlined = silent(shapes.FileProtectOutlined);
export const FolderOpenOutlined = silent(shapes.FolderOpenOutlined);
export const ImportOutlined = silent(shapes.ImportOutlined);
export const InboxOutlined = silent(shapes.InboxOutlined);
export const InfoCircleFilled = silent(shapes.InfoCircleFilled);
export const KeyOutlined = silent(shapes.KeyOutlined);
export const LoadingOutlined = silent(shapes.LoadingOutlined);
export const LockOutlined = silent(shapes.LockOutlined);
export const LogoutOutlined = silent(shapes.LogoutOutlined);
export const MenuOutlined = silent(shapes.MenuOutlined);
export const MinusCircleOutlined = silent(shapes.MinusCircleOutlined);
export const PlusOutlined = silent(shapes.PlusOutlined);
export const ProfileOutlined = silent(shapes.ProfileOutlined);
export const ReloadOutlined = silent(shapes.ReloadOutlined);
export const SafetyCertificateOutlined = silent(shapes.SafetyCertificateOutlined);
export const SafetyOutlined = silent(shapes.SafetyOutlined);
export const SearchOutlined = silent(shapes.SearchOutlined);
export const SolutionOutlined = silent(shapes.SolutionOutlined);
export const SwapRightOutlined = silent(shapes.SwapRightOutlined);
export const TeamOutlined = silent(shapes.TeamOutlined);
export const UploadOutlined = silent(shapes.UploadOutlined);
export const UserOutlined = silent(shapes.UserOutlined);
export const UsergroupAddOutlined = silent(shapes.UsergroupAddOutlined);

const cleared = <CloseCircleFilled />;
const loading = <LoadingOutlined spin />;

/** The shapes that the components bring along, as silent as the portal's own. */
export const SHAPES = {
  alert: { successIcon: <CheckCircleFilled />, infoIcon: <InfoCircleFilled />, warningIcon: <ExclamationCircleFilled />, errorIcon: <CloseCircleFilled /> },
  button: { autoInsertSpace: false, loadingIcon: loading },
  datePicker: { suffixIcon: <CalendarOutlined />, clearIcon: cleared },
  drawer: { closeIcon: <CloseOutlined /> },
  modal: { closeIcon: <CloseOutlined /> },
  rangePicker: { separator: <SwapRightOutlined /> },
  select: { suffixIcon: <DownOutlined />, clearIcon: cleared, loadingIcon: loading, menuItemSelectedIcon: <CheckOutlined />, removeIcon: <CloseOutlined /> },
};
