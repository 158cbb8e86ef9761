import { Select } from "@mantine/core";
import { useApplication, useApplications } from "../application";
import { useWords } from "../language";
import { shell } from "../words";

/** Shown if there is more than the main application. */
export function ApplicationChooser() {
  const t = useWords(shell);
  const { subAppId, choose } = useApplication();
  const applications = useApplications();
  if (applications.length < 2 && subAppId === 0) return null;
  const data = applications.map((each) => ({
    value: String(each.subAppId),
    label: each.enabled ? each.name || String(each.subAppId) : `${each.name} (${t.switchedOff})`,
  }));
  // 0 means the main application, which is listed first, under its real number.
  const value = String(subAppId || applications[0]?.subAppId || 0);
  return (
    <Select
      aria-label={t.application}
      data={data}
      value={value}
      onChange={(chosen) => choose(Number(chosen ?? 0))}
      allowDeselect={false}
      size="sm"
      w={{ base: 130, sm: 200 }}
    />
  );
}
